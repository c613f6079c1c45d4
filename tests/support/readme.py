"""The commands a README shows for the API, as a reader would copy them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(readme: str) -> list[str]:
    """The steps of the one block that talks to the API, without their comments."""
    (block,) = [block for block in _BLOCK.findall((ROOT / readme).read_text("utf-8")) if "curl" in block]
    return [re.sub(r"^#.*\n", "", step, flags=re.MULTILINE) for step in block.strip().split("\n\n") if step]
