"""Certificate: seals everything that carries a seal — e-certificates, official papers — and verifies them."""
