"""Where a PKCS#11 token is. What is done with it: `token_keys`, which loads the driver's library."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Token:
    """The driver's library, the token's label, the file with its PIN."""

    module: str
    label: str
    pin_file: Path
