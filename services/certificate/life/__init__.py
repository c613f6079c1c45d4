"""From the decision to the end of a certificate: its term, what it waits for, loss, reissue, prints and copies."""
