"""The file-making half: what is printed, how it is rendered to PDF/A, sealed, signed as a record and verified."""
