"""Both READMEs show the same commands for the API."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(readme: str) -> str:
    (block,) = [block for block in _BLOCK.findall((ROOT / readme).read_text("utf-8")) if "curl" in block]
    return re.sub(r"^#.*\n", "", block, flags=re.MULTILINE)


def test_both_readmes_show_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh-CN.md")
