"""Prints every Secret the manifests ask for, with fresh random values: python -m deploy.k8s.make_secrets > FILE.

For a first installation. Keep the output as you keep any key, and never in the repository: who loses the seal and index
keys loses every sealed number and file. Seals are made by a development CA whose private key stays in `--signing` and
never enters the cluster; for real use replace the contents of `certificate-ca` and `certificate-seals` by your own.
"""

import argparse
import base64
import secrets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from services.certificate.files.contents import SealBody
from services.certificate.files.records import RecordSigner
from services.certificate.files.seal_keys import FileSealKeys
from services.chassis.yaml_files import read_yaml
from services.identity.keys import add_key

SERVICES = ("identity", "intake", "approval", "certificate", "supervision")
# These never read a sealed number: keys of their own.
OWN_KEYS = ("approval", "supervision")
FIRST_KEY = "0001.key"

Values = dict[str, str]


def password() -> str:
    """Hexadecimal: it stands in addresses without escaping."""
    return secrets.token_hex(24)


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def contents(signing: Path, bodies: Sequence[SealBody]) -> Iterator[tuple[str, str, Values]]:
    """Name, type and values of each Secret."""
    for service in SERVICES:
        for role in ("app", "migrator"):
            login = {"username": f"{service}_{role}", "password": password()}
            yield f"database-{service}-{role}", "kubernetes.io/basic-auth", login
    yield "nats-users", "Opaque", {service: password() for service in SERVICES}
    for suffix in ("", *(f"-{service}" for service in OWN_KEYS)):
        for kind in ("seal", "index"):
            yield f"keys-{kind}{suffix}", "Opaque", {FIRST_KEY: key()}
    yield "gateway-session", "Opaque", {"1.key": key()}
    if not any((signing / "identity").glob("*.pem")):
        add_key(signing / "identity")
    RecordSigner.load(signing)
    seals = FileSealKeys(signing)
    seals.chain()
    for body in bodies:
        seals.signer_for(body)
    yield "identity-signing", "Opaque", _files(signing / "identity")
    yield "certificate-records", "Opaque", _files(signing / "records")
    public = {name: (signing / "ca" / name).read_text("utf-8") for name in ("ca.pem", "ca.crl")}
    yield "certificate-ca", "Opaque", public
    yield "certificate-seals", "Opaque", _files(signing / "seals")


def _files(folder: Path) -> Values:
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.pem"))}


def manifests(namespace: str, signing: Path, bodies: Sequence[SealBody]) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "yichuang"}},
            "type": kind,
            "stringData": values,
        }
        for name, kind, values in contents(signing, bodies)
    ]


def bodies_of(catalogue: Path) -> list[SealBody]:
    """Every department of a catalogue file has a seal."""
    departments = read_yaml(catalogue)["departments"]
    return [SealBody(uscc=department["uscc"], name=department["name"]) for department in departments]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.k8s.make_secrets", description=__doc__)
    parser.add_argument("--namespace", default="yichuang")
    parser.add_argument("--catalogue", type=Path, help="目录文件：为其中每个部门制作（开发用）印章")
    parser.add_argument("--signing", type=Path, help="签名密钥和开发 CA 的保存目录，以后补制印章时再用；不填则用后即弃")
    parsed = parser.parse_args(arguments)
    bodies = bodies_of(parsed.catalogue) if parsed.catalogue else []
    with tempfile.TemporaryDirectory() as scratch:
        made = manifests(parsed.namespace, parsed.signing or Path(scratch), bodies)
    yaml.safe_dump_all(made, sys.stdout, allow_unicode=True, sort_keys=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
