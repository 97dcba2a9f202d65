"""Runs in the background: their records, which outlive them, the process that does the work, and how others stop it."""
