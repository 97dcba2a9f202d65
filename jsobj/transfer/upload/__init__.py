"""Uploads: what to send, sending it, and the order of Zarr metadata."""
