"""Settings every process has; values come from the environment with the prefix YICHUANG_."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound="ServiceSettings")


class Profile(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class ServiceSettings(BaseSettings):
    """What a service needs to run.

    `database_url` and `migration_database_url` come from YICHUANG_DATABASE_URL_<SERVICE> and
    YICHUANG_MIGRATION_DATABASE_URL_<SERVICE>, because one environment may hold those of several services.
    """

    model_config = SettingsConfigDict(env_prefix="YICHUANG_", extra="ignore", frozen=True)

    service: str
    profile: Profile = Profile.DEVELOPMENT
    database_url: str = ""
    migration_database_url: str = ""
    database_pool: int = 5
    nats_url: str = "nats://127.0.0.1:4222"
    nats_replicas: int = 1
    stream_max_bytes: int = 2**30
    issuer: str = "http://127.0.0.1:8080"
    public_url: str = "http://127.0.0.1:8080"
    jwks_url: str = ""
    keys_dir: Path = Path(".data/keys")
    files_url: str = "file:.data/files"
    test_clock: Path | None = None
    otlp_endpoint: str = ""
    trace_ratio: float = 0.1
    log_level: str = "INFO"
    division: str = "431202000000"

    @model_validator(mode="after")
    def _no_test_clock_in_production(self) -> Self:
        if self.profile is Profile.PRODUCTION and self.test_clock is not None:
            raise ValueError("YICHUANG_TEST_CLOCK is refused in profile production: 生产环境不得使用测试时钟")
        return self


def load_settings(service: str, cls: type[S], **overrides: Any) -> S:
    """Settings of one service from the environment; `overrides` are for tests."""
    suffix = service.upper()
    values: dict[str, Any] = {"service": service}
    for field, variable in (
        ("database_url", f"YICHUANG_DATABASE_URL_{suffix}"),
        ("migration_database_url", f"YICHUANG_MIGRATION_DATABASE_URL_{suffix}"),
    ):
        if variable in os.environ:
            values[field] = os.environ[variable]
    return cls(**(values | overrides))
