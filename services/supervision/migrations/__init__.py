"""Schema changes of the supervision database."""
