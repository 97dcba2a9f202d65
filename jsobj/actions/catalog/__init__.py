"""What ``jsobj catalog`` does: rows in, questions, changes."""
