"""Every library that there is a snippet for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.export.snippets.target import Target


@dataclass(frozen=True, slots=True)
class Library:
    """``module`` is a file beside this one; ``kind`` says what the URL must be; ``needs`` is for pip.

    ``lists``: it asks for a listing, which Swift's S3 API gives nobody without a key.
    """

    name: str
    module: str
    kind: str
    needs: str
    lists: bool = False

    def code(self, target: Target) -> str:
        """The lines."""
        text = importlib.import_module(f"jsobj.export.snippets.{self.module}").code(target)
        assert isinstance(text, str)
        return text


LIBRARIES = (
    Library("xarray", "xarray", "a Zarr", "xarray zarr s3fs"),
    Library("zarr", "zarr_v3", "a Zarr", "'zarr>=3' s3fs"),
    Library("zarr-v2", "zarr_v2", "a Zarr", "'zarr<3' s3fs"),
    Library("dask.array", "dask_array", "a Zarr array", "'dask[array]' zarr s3fs"),
    Library("dask.dataframe", "dask_dataframe", "Parquet", "'dask[dataframe]' s3fs"),
    Library("s3fs", "s3fs", "a bucket or folder", "s3fs", lists=True),
    Library("boto3", "boto3", "a bucket, folder or object", "boto3", lists=True),
    Library("obstore", "obstore", "a bucket or folder", "obstore boto3", lists=True),
    Library("pandas", "pandas", "a Parquet file", "pandas pyarrow s3fs"),
    Library("polars", "polars", "a Parquet file", "polars boto3"),
    Library("iris", "iris", "a NetCDF file", "scitools-iris s3fs"),
    Library("h5py", "h5py", "an HDF5 file", "h5py s3fs"),
    Library("netcdf", "netcdf", "a NetCDF 4 file", "xarray h5netcdf dask s3fs"),
    Library("icechunk", "icechunk", "an icechunk repository", "icechunk boto3", lists=True),
)


def find_library(name: str) -> Library:
    """The library of that name. Raises :class:`JsobjError` (usage) with the nearest name."""
    for library in LIBRARIES:
        if library.name == name.lower():
            return library
    import difflib

    close = difflib.get_close_matches(name.lower(), [library.name for library in LIBRARIES], n=1)
    hint = f"did you mean '{close[0]}'? all of them: jsobj snippet --list" if close else "see: jsobj snippet --list"
    raise JsobjError("library-unknown", f"there is no snippet for '{name[:60]}'", code=ExitCode.USAGE, hint=hint)
