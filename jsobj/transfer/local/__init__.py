"""Files on this machine: found, named after keys, opened, and remembered by their fingerprints."""
