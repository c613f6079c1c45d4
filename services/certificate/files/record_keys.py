"""Where the keys of signed records are: in files, or by setting that of ES256 in a PKCS#11 token.

Layout of `<signing_dir>/records`: `record-001.pem` (ES256, the private key), `record-002.token.pem` (ES256 in the
token: its label there, and the public key), `sm2-001.pem` (SM2 is always in a file: PKCS#11 knows it by extensions of
vendors only). Every key that ever was verifies what it signed; the newest of the place that the setting names signs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from services.certificate.files.jose import ES256, SM2SM3, FileKey, PrivateKey, new_pem
from services.certificate.files.key_files import read_or_create

if TYPE_CHECKING:  # most installations have no token, and need not load the driver's library
    from services.certificate.files.token_keys import TokenSession

FOLDER = "records"
FILES = {ES256: "record", SM2SM3: "sm2"}
_FILE, _TOKEN = ".pem", ".token.pem"


def keys_of(folder: Path, alg: str, *, may_create: bool, session: "TokenSession | None") -> tuple[PrivateKey, ...]:
    """The keys of an algorithm, the one that signs last; makes the first one of its place.

    Raises:
        FileNotFoundError: there is none and none may be made.
        KeysUnavailable: the token cannot be used to make one.
    """
    own, there = _place(alg, session), _listed(folder, alg)
    if not _of(there, own):
        there = [*there, _make(folder, alg, there, may_create=may_create, session=session)]
    files: list[PrivateKey] = [FileKey.load(alg, path.read_bytes()) for path in _of(there, _FILE)]
    tokens = [_in_token(path.read_bytes(), session) for path in _of(there, _TOKEN)]
    return (*tokens, *files) if own == _FILE else (*files, *tokens)


def _in_token(described: bytes, session: "TokenSession | None") -> PrivateKey:
    from services.certificate.files.token_keys import TokenKey

    return TokenKey.load(described, session)


def next_key(folder: Path, alg: str, session: "TokenSession | None") -> str:
    """Adds a key, which signs from now on; gives its name. Raises KeysUnavailable."""
    made = _make(folder, alg, _listed(folder, alg), may_create=True, session=session)
    return made.name.partition(".")[0]


def _place(alg: str, session: "TokenSession | None") -> str:
    return _TOKEN if alg == ES256 and session is not None else _FILE


def _listed(folder: Path, alg: str) -> list[Path]:
    return sorted(folder.glob(f"{FILES[alg]}-*{_FILE}"))


def _of(paths: Sequence[Path], place: str) -> list[Path]:
    return [path for path in paths if path.name.endswith(_TOKEN) == (place == _TOKEN)]


def _make(folder: Path, alg: str, there: Sequence[Path], *, may_create: bool, session: "TokenSession | None") -> Path:
    """Two processes at once that saw the same keys agree on one."""
    number = max((int(path.name.partition(".")[0][-3:]) for path in there), default=0) + 1
    place = _place(alg, session)
    path = folder / f"{FILES[alg]}-{number:03d}{place}"

    def make() -> bytes:
        return session.describe_new_key(f"{FILES[alg]}-{number:03d}") if session and place == _TOKEN else new_pem(alg)

    read_or_create(path, make, may_create=may_create)
    return path
