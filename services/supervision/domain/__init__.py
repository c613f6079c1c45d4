"""Rules of supervision: pure functions over frozen values."""
