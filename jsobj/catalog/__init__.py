"""Rows of metadata beside objects: parts, queries, the search page's shards."""
