"""Other clouds' stores, and plain web servers: read, and copied from and to."""
