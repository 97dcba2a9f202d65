"""What takes space in a bucket and belongs to no object: found, looked at once more, removed."""
