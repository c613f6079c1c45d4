"""Schema changes of the approval database."""
