"""Iris: it reads files, so fsspec keeps a copy in its cache."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""path = fsspec.open_local("simplecache::" + {url}, s3=options)
cubes = iris.load(path)
print(cubes)
"""
    return with_options(target, "import fsspec", "import iris") + lines
