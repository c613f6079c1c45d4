"""Whom we believe: the roots of seals that are ours, and those of time stamps. Public certificates only."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509


@dataclass(frozen=True)
class Trust:
    """The roots whose seals are ours, and those of the time stamps that we recognise."""

    roots: tuple[x509.Certificate, ...]
    stamp_roots: tuple[x509.Certificate, ...] = ()

    @classmethod
    def load(cls, signing_dir: Path, stamp_chain: Path | None = None) -> "Trust":
        """Public certificates only; none there yet means that nothing was sealed yet, and nothing is trusted."""
        ca = signing_dir / "ca"
        files = [path for path in (ca / "ca.pem", *sorted((ca / "trusted").glob("*.pem"))) if path.exists()]
        stamps = _certificates(stamp_chain) if stamp_chain is not None and stamp_chain.exists() else ()
        return cls(tuple(root for path in files for root in _certificates(path)), stamps)


def _certificates(path: Path) -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
