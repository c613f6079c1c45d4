"""The transparency log as it is read: its heads, proofs and leaves, and the monitor that follows it from outside."""
