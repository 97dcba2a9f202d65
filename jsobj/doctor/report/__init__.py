"""The report: a page, its text form, and how a saved one is read."""
