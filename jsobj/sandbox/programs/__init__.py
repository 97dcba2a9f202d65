"""Programs that run as processes of their own. Nothing here is imported by the rest of jsobj."""
