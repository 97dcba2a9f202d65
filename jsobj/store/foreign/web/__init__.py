"""Web servers that are no object stores, as places to read from."""
