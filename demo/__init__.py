"""The demonstration: the real catalogue driven through the public API, with real logins, over the embedded stack."""
