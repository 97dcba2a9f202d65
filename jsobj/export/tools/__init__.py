"""One file for each tool that is exported to."""
