"""Segments of large objects: whether they are all there."""
