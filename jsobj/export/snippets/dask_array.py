"""dask.array: an array of a Zarr; workers look the profile up themselves."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""data = da.from_zarr({url}, storage_options=options)
print(data)
"""
    return with_options(target, "import dask.array as da") + lines
