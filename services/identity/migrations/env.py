"""Alembic entry of identity."""

from services.chassis.migrations import run_env

run_env()
