"""The house tests look at the whole program; no server is needed."""
