"""What is deployed, read for tests: the files as they are committed, and what kustomize renders of them."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.chassis.yaml_files import parse_all_yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
K8S = DEPLOY / "k8s"
OVERLAYS = ("development", "production")
SERVICES = ("identity", "intake", "approval", "certificate", "supervision")
COMPONENT, NAME = "app.kubernetes.io/component", "app.kubernetes.io/name"

Manifest = dict[str, Any]


def files() -> list[Path]:
    """Every manifest file; kustomization files are instructions, not manifests."""
    return sorted(path for path in K8S.rglob("*.yaml") if path.name != "kustomization.yaml")


def documents(path: Path) -> list[Manifest]:
    return [document for document in parse_all_yaml(path.read_bytes()) if document is not None]


def kubectl() -> str | None:
    return shutil.which("kubectl")


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """Raises when kustomize refuses the overlay."""
    program = kubectl()
    assert program is not None
    done = subprocess.run(
        [program, "kustomize", str(K8S / "overlays" / overlay)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return tuple(document for document in parse_all_yaml(done.stdout) if document is not None)


def of_kind(manifests: tuple[Manifest, ...], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def title(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def pods(manifests: tuple[Manifest, ...]) -> list[tuple[str, Manifest]]:
    """Every pod template: whose it is, and the template with its metadata."""
    return [(title(m), m["spec"]["template"]) for m in of_kind(manifests, "Deployment", "StatefulSet", "Job")]


def labels(pod: Manifest) -> dict[str, str]:
    return dict(pod["metadata"]["labels"])


def matches(selector: Mapping[str, Any], having: Mapping[str, str]) -> bool:
    """Whether a label selector chooses these labels; an empty one chooses everything."""
    plain = selector.get("matchLabels") or {}
    if any(having.get(key) != value for key, value in plain.items()):
        return False
    for rule in selector.get("matchExpressions") or []:
        assert rule["operator"] == "In", rule
        if having.get(rule["key"]) not in rule["values"]:
            return False
    return True


def variables(pod: Manifest, manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, str | None]]:
    """Names and literal values of a container's environment, configuration maps included."""
    maps = {m["metadata"]["name"]: m.get("data") or {} for m in of_kind(manifests, "ConfigMap")}
    for container in pod["spec"]["containers"]:
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                yield from maps[source["configMapRef"]["name"]].items()
        for entry in container.get("env", []):
            yield entry["name"], entry.get("value")


def secrets(manifests: tuple[Manifest, ...]) -> dict[str, set[str]]:
    """Every Secret that something refers to, with the keys asked for (none when the whole is mounted)."""
    found: dict[str, set[str]] = {}
    for _, pod in pods(manifests):
        for name, key in _references(pod["spec"]):
            found.setdefault(name, set()).update({key} if key else ())
    return found


def _references(node: Any) -> Iterator[tuple[str, str]]:
    """secretKeyRef, secretRef, secret volumes and projected sources, wherever they stand."""
    if isinstance(node, list):
        for child in node:
            yield from _references(child)
    if not isinstance(node, dict):
        return
    for name, child in node.items():
        if name in ("secretKeyRef", "secretRef") or (name == "secret" and isinstance(child, dict)):
            secret = child.get("secretName") or child["name"]
            yield secret, child.get("key", "")
            for item in child.get("items", []):
                yield secret, item["key"]
        else:
            yield from _references(child)
