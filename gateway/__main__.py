"""Commands of the gateway: `python -m gateway api --host --port`."""

import argparse
import sys
from collections.abc import Sequence

import uvicorn

from gateway.main import create_app
from gateway.server import config


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    api = commands.add_parser("api", help="启动网关")
    api.add_argument("--host", default="127.0.0.1", help="监听地址 (默认 127.0.0.1)")
    api.add_argument("--port", type=int, default=8080, help="监听端口 (默认 8080)")
    parsed = parser.parse_args(arguments)
    uvicorn.Server(config(create_app(), parsed.host, parsed.port)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
