"""Programs that run as processes of their own, started by path; nothing here is imported."""
