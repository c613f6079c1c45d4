"""Acts of approval: each is one transaction that stores the new state and publishes one event."""
