"""The transparency proof without the platform: saved heads and keys, the file and its QR code, a command of its own."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from demo.api import StepFailed, expect
from demo.hall import Hall

_HEADS, _KEYS = "log-heads.json", "jwks.json"
_PAGE = 100
_GENUINE, _RECORDED = 0, 5  # a code alone tells no term: it is in the log, and that is all


async def save(hall: Hall, certificate: dict[str, Any], folder: Path) -> None:
    """What an outside holder keeps: every signed head, the public keys, and what the QR code of a certificate says."""
    jwks = expect(await hall.public.get("/.well-known/certificate-jwks.json"), 200, "证照公钥")
    (folder / _KEYS).write_text(json.dumps(jwks, indent=2), "utf-8")
    heads: list[dict[str, Any]] = []
    while True:
        after = heads[-1]["size"] if heads else 0
        page = expect(await hall.public.get("/api/v1/certificates/log/heads", after=after, limit=_PAGE), 200, "日志头")
        heads += page["items"]
        if len(page["items"]) < _PAGE:
            break
    (folder / _HEADS).write_text(json.dumps({"items": heads}, indent=2), "utf-8")
    query = {"identifier": certificate["identifier"], "size": certificate["transparency"]["size"]}
    proof = expect(await hall.public.get("/api/v1/certificates/log/inclusion", **query), 200, "收录证明")
    code = f"{hall.gateway}/c/{certificate['identifier']}?{proof['qr']}"
    _code(certificate, folder).write_text(code, "utf-8")


def _code(certificate: dict[str, Any], folder: Path) -> Path:
    return folder / f"{certificate['pdf'].removesuffix('.pdf')}.qr.txt"


async def check(certificate: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """The file and the code, as anybody checks them, when the platform is gone. Raises StepFailed."""
    names = {"证照文件": certificate["pdf"], "二维码": _code(certificate, folder).name}
    expected = zip(names.values(), (_GENUINE, _RECORDED), strict=True)
    found = await asyncio.gather(*(asyncio.to_thread(_verify, name, folder, code) for name, code in expected))
    return [{"what": what, **said} for what, said in zip(names, found, strict=True)]


def _verify(name: str, folder: Path, expected: int) -> dict[str, Any]:
    words = ["verify", name, "--head", _HEADS, "--keys", _KEYS]
    command = [sys.executable, "-m", "services.certificate", *words]
    root = Path(__file__).resolve().parents[1]
    environment = {"PYTHONPATH": str(root), "PYTHONUTF8": "1"}  # no setting of ours: neither database nor keys
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, timeout=60)
    said = (done.stdout + done.stderr).decode()
    if done.returncode != expected:
        raise StepFailed(f"离线核验 {name}：退出码 {done.returncode} {said[:600]}")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return {"command": f"python -m services.certificate {' '.join(words)}", "exit": done.returncode, "lines": lines}
