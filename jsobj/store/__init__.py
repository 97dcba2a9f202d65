"""The object store: who speaks which dialect, buckets and containers, and (with the transfers) objects."""
