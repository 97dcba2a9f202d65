"""Downloads: what to fetch, receiving it, and the files it lands in."""
