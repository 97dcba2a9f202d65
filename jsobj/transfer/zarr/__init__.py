"""What transfers know of Zarr: its own files by their names, and what an older one leaves behind."""
