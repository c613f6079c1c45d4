"""What papers say: from the facts of a case to the contents of each paper that is made of it."""
