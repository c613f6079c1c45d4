"""Rules of approval: pure functions over frozen values."""
