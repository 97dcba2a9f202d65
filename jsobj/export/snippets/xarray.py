"""xarray: a Zarr, lazily, over s3fs."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""data = xr.open_zarr({url}, storage_options=options)
print(data)
"""
    return with_options(target, "import xarray as xr") + lines
