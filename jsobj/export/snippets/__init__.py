"""Lines of Python that open a URL, one file for each library: what works on this cloud, and no secret in it."""
