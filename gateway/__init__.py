"""The single entry: sessions and tokens, routing, limits, composed reads, documentation."""
