"""Addresses of external servers, and what each process is told."""

from pathlib import Path

import pytest

from deploy.local.environment import SERVICES, Addresses, environment_of, external
from deploy.local.layout import DataFolder
from deploy.local.postgres import ServiceDatabase


def test_without_variables_everything_is_embedded() -> None:
    found = external({})

    assert found.databases == {}
    assert not found.covers_all_databases


def test_a_base_address_serves_all_services() -> None:
    found = external({"YICHUANG_DATABASE_URL": "postgresql://gov:pw@db.example:5432/postgres?sslmode=require"})

    assert found.covers_all_databases
    assert found.databases["intake"].app_url == "postgresql://gov:pw@db.example:5432/intake?sslmode=require"


def test_a_services_own_address_wins_over_the_base() -> None:
    variables = {
        "YICHUANG_DATABASE_URL": "postgresql://gov@db",
        "YICHUANG_DATABASE_URL_INTAKE": "postgresql://app@other/intake",
        "YICHUANG_MIGRATION_DATABASE_URL_INTAKE": "postgresql://owner@other/intake",
    }

    found = external(variables).databases

    expected = ServiceDatabase("intake", "postgresql://app@other/intake", "postgresql://owner@other/intake")
    assert found["intake"] == expected
    assert found["approval"].app_url == "postgresql://gov@db/approval"


def test_a_process_is_told_its_own_database_only(tmp_path: Path) -> None:
    told = environment_of("intake", _addresses(), DataFolder(tmp_path))

    assert told["YICHUANG_DATABASE_URL_INTAKE"] == "postgresql://intake_app@x/intake"
    assert [name for name in told if name.startswith("YICHUANG_DATABASE_URL")] == ["YICHUANG_DATABASE_URL_INTAKE"]


def test_what_the_user_has_set_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YICHUANG_FILES_URL", "s3://bucket/files")

    assert environment_of("intake", _addresses(), DataFolder(tmp_path))["YICHUANG_FILES_URL"] == "s3://bucket/files"


def _addresses() -> Addresses:
    databases = {
        name: ServiceDatabase(name, f"postgresql://{name}_app@x/{name}", f"postgresql://{name}_migrator@x/{name}")
        for name in SERVICES
    }
    return Addresses("http://x", "nats://x", dict.fromkeys(SERVICES, "http://y"), databases)
