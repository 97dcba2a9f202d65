"""Logins of other clouds, from where their own tools keep them."""
