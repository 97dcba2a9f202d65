"""Azure's Blob storage, over its REST interface."""
