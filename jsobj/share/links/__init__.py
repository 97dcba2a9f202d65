"""Sharing with people who have no account: links to read, a place to upload to, a file that is gone by itself."""
