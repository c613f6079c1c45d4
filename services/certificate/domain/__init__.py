"""Rules of certificates and papers: pure, standard library and kernel only."""
