"""Writes the generated contracts, tells drift, and finds breaking changes against the released ones.

python -m tools.contracts             write contracts/generated
python -m tools.contracts --check     fail when it differs, or breaks what is released
python -m tools.contracts --release   make the present contracts the released ones
"""

import argparse
import base64
import copy
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contracts.events.examples import examples
from contracts.events.registry import EVENTS
from tools.breaking import breaking_changes

ROOT = Path(__file__).resolve().parents[1] / "contracts"
GENERATED, RELEASED = ROOT / "generated", ROOT / "released"
SERVICES = ("identity", "intake", "approval", "certificate", "supervision")


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every generated file: path below contracts/generated, content."""
    shown = examples()
    for subject, model in EVENTS.items():
        yield f"events/{subject}.schema.json", model.model_json_schema()
        yield f"events/{subject}.example.json", shown[subject].model_dump(mode="json")
    yield "asyncapi.json", asyncapi()
    for service in SERVICES:
        yield f"openapi/{service}.json", openapi(service)


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0: one channel and one message per subject, the envelope is CloudEvents 1.0 in binary mode."""
    channels, operations, messages = {}, {}, {}
    for subject, model in EVENTS.items():
        name = model.__name__
        channels[subject] = {"address": subject, "messages": {name: {"$ref": f"#/components/messages/{name}"}}}
        operations[f"publish {name}"] = {"action": "send", "channel": {"$ref": f"#/channels/{subject}"}}
        messages[name] = {
            "name": name,
            "summary": (model.__doc__ or "").strip().partition("\n")[0],
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
            "payload": {"$ref": f"events/{subject}.schema.json"},
            "examples": [{"payload": {"$ref": f"events/{subject}.example.json"}}],
        }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "一窗 Yichuang case events", "version": "1"},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": {"CloudEventHeaders": _envelope()}},
    }


def _envelope() -> dict[str, Any]:
    required = ["ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-aggregateid", "ce-aggregateversion"]
    optional = ["ce-subject", "ce-recordedtime", "ce-datacontenttype", "traceparent", "Nats-Msg-Id"]
    properties = {name: {"type": "string"} for name in (*required, *optional)}
    return {"type": "object", "required": required, "properties": properties}


def openapi(service: str) -> dict[str, Any]:
    """The service's document, built without starting it, over throw-away keys; each caller has its own copy."""
    return copy.deepcopy(_openapi(service))


@cache
def _openapi(service: str) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        settings = _settings_for(service, Path(folder))
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        try:
            document: dict[str, Any] = import_module(f"services.{service}.main").create_app().openapi()
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
    return document


def _settings_for(service: str, folder: Path) -> dict[str, str]:
    for kind in ("seal", "index"):
        (folder / kind).mkdir()
        (folder / kind / "contracts.key").write_text(base64.b64encode(os.urandom(32)).decode("ascii"), "ascii")
    return {
        f"YICHUANG_DATABASE_URL_{service.upper()}": f"postgresql://{service}_app@127.0.0.1/{service}",
        "YICHUANG_KEYS_DIR": str(folder),
        "YICHUANG_FILES_URL": f"file://{folder / 'files'}",
    }


def text(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@cache
def _texts() -> Mapping[str, str]:
    return {path: text(content) for path, content in documents()}


def write() -> None:
    shutil.rmtree(GENERATED, ignore_errors=True)
    for path, content in _texts().items():
        target = GENERATED / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


def drift() -> list[str]:
    """Generated files that differ from the committed ones, are missing, or are left over."""
    wanted = _texts()
    present = {str(path.relative_to(GENERATED)) for path in GENERATED.rglob("*.json")}
    faults = [f"{path}: 不再生成, 请删除 (left over)" for path in sorted(present - wanted.keys())]
    for path, content in wanted.items():
        if path not in present or (GENERATED / path).read_text(encoding="utf-8") != content:
            faults.append(f"{path}: 与代码不一致, 请运行 make contracts (drift)")
    return faults


def broken() -> list[str]:
    """What the present contracts break for users of the released ones."""
    now = {path: json.loads(content) for path, content in _texts().items()}
    faults = []
    for released in sorted(RELEASED.rglob("*.json")):
        path = str(released.relative_to(RELEASED))
        if not path.endswith(".example.json") and path != "asyncapi.json":
            faults += breaking_changes(path, json.loads(released.read_text(encoding="utf-8")), now.get(path))
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.contracts", description=__doc__)
    parser.add_argument("--check", action="store_true", help="只检查, 不写文件")
    parser.add_argument("--release", action="store_true", help="把当前契约定为已发布版本")
    arguments = parser.parse_args()
    if arguments.check:
        faults = drift() + broken()
        for fault in faults:
            print(fault, file=sys.stderr)
        return 1 if faults else 0
    write()
    if arguments.release:
        shutil.rmtree(RELEASED, ignore_errors=True)
        shutil.copytree(GENERATED, RELEASED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
