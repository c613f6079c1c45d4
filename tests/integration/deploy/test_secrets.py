"""The Secrets made for a first installation are those the manifests ask for, and the services can use them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.k8s import make_secrets
from services.certificate.files.records import RecordSigner
from services.chassis.sealing import Sealer
from services.chassis.yaml_files import parse_all_yaml, read_yaml
from services.identity.keys import Keyring
from tests.support import manifests as deployed
from tests.support.manifests import ROOT

# Made by the database operator, by the owner of a bucket, or not needed at all.
FROM_ELSEWHERE = {"database-ca", "files-store", "gateway-client"}
CATALOGUE = ROOT / "demo" / "catalogue.yaml"

Secrets = dict[str, dict[str, Any]]


@pytest.fixture
def make(capsys: pytest.CaptureFixture[str]) -> Callable[..., Secrets]:
    def run(*arguments: str) -> Secrets:
        assert make_secrets.main(arguments) == 0
        documents = parse_all_yaml(capsys.readouterr().out)
        return {document["metadata"]["name"]: document for document in documents}

    return run


@pytest.mark.skipif(deployed.kubectl() is None, reason="kubectl is not installed: nothing is rendered")
@pytest.mark.parametrize("overlay", deployed.OVERLAYS)
def test_every_secret_the_manifests_name_is_made_with_its_keys(overlay: str, make: Callable[..., Secrets]) -> None:
    manifests = deployed.rendered(overlay)
    wanted = deployed.secrets(manifests)
    (cluster,) = deployed.of_kind(manifests, "Cluster")
    wanted |= {role["passwordSecret"]["name"]: {"username", "password"} for role in cluster["spec"]["managed"]["roles"]}

    made = make()

    assert wanted.keys() - FROM_ELSEWHERE == made.keys()
    for name, keys in wanted.items():
        if name in made:
            assert keys <= made[name]["stringData"].keys(), name
    for role in cluster["spec"]["managed"]["roles"]:
        assert made[role["passwordSecret"]["name"]]["stringData"]["username"] == role["name"]


def test_the_services_can_use_what_was_made(make: Callable[..., Secrets], tmp_path: Path) -> None:
    made = make()
    for name, folder in {
        "keys-seal": "seal",
        "keys-index": "index",
        "identity-signing": "identity",
        "certificate-records": "records",
    }.items():
        (tmp_path / folder).mkdir()
        for file, content in made[name]["stringData"].items():
            (tmp_path / folder / file).write_text(content)

    sealer = Sealer.load(tmp_path)

    assert sealer.open(sealer.seal("x", "y"), "y") == "x"
    assert len(Keyring(tmp_path / "identity").jwks()["keys"]) == 1
    assert len(RecordSigner.load(tmp_path, may_create=False).jwks()["keys"]) == 2  # ES256 and SM2


def test_every_department_gets_a_seal_and_the_key_of_the_ca_stays_outside(
    make: Callable[..., Secrets], tmp_path: Path
) -> None:
    departments = read_yaml(CATALOGUE)["departments"]

    made = make("--catalogue", str(CATALOGUE), "--signing", str(tmp_path))
    again = make("--catalogue", str(CATALOGUE), "--signing", str(tmp_path))

    assert len(made["certificate-seals"]["stringData"]) == len(departments)
    assert made["certificate-ca"]["stringData"].keys() == {"ca.pem", "ca.crl"}  # what time stamps need, too
    assert "PRIVATE KEY" not in "".join(made["certificate-ca"]["stringData"].values())
    assert again["certificate-seals"] == made["certificate-seals"]
    assert again["nats-users"] != made["nats-users"]


def test_no_two_values_are_the_same_and_services_without_numbers_have_keys_of_their_own(
    make: Callable[..., Secrets],
) -> None:
    made = make()

    values = [v for s in made.values() for k, v in s["stringData"].items() if k != "username"]
    assert len(values) == len(set(values))
    assert {"keys-seal", "keys-seal-approval", "keys-seal-supervision"} <= made.keys()
