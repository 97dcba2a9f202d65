"""Lines of Python that open a URL: what works on this cloud, with this login, and no secret in it."""
