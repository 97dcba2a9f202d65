"""A profile, as other tools and libraries want to read it: one file for each of them, all of them pure."""
