"""Who looks at a certificate: on what ground, the trace each look leaves, what a holder shows himself."""
