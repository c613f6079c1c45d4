"""Seal keys made once for all tests of files."""

from tests.support.seal_keys import seal_keys, trust

__all__ = ["seal_keys", "trust"]
