"""Google's Cloud Storage, over its REST interface."""
