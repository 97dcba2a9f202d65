"""Iris: it reads files, so fsspec keeps a copy in its cache."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    return (
        with_options(target, "import fsspec", "import iris")
        + f"""path = fsspec.open_local("simplecache::" + {target.quoted()}, s3=options)
cubes = iris.load(path)
print(cubes)
"""
    )
