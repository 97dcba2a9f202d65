"""NetCDF 4 through xarray and h5netcdf, lazily."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""fs = s3fs.S3FileSystem(**options)
data = xr.open_dataset(fs.open({url}, "rb"), engine="h5netcdf", chunks={{}})
print(data)
"""
    return with_options(target, "import s3fs", "import xarray as xr") + lines
