"""Acts of the certificate service, one file per act; each is one transaction."""
