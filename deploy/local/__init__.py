"""The embedded stack: real PostgreSQL and NATS from wheels, and every service as a child process of one launcher."""
