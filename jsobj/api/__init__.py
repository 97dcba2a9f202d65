"""jsobj for Python programs: :func:`jsobj.connect` is the way in, and each method is one call into the rooms below."""
