"""Grants: what was given to other projects, people and whoever has a link, with its end; and what was received."""
