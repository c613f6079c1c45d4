"""Verification for everybody: over HTTP, on the page of the QR code, and offline without our database."""
