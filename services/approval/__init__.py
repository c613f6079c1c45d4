"""Approval: what happens to a case between acceptance and decision."""
