"""Many small files as one object: a zip that is written to a store as a stream, and read member by member."""
