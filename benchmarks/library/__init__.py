"""The library at ten million certificates: `python -m benchmarks.library`."""
