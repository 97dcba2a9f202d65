"""The page beside the data: what is there, shown to people without an account and to search engines."""
