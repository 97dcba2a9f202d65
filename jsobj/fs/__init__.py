"""Object storage as an fsspec filesystem: pandas, xarray, zarr, dask, pyarrow and others read and write by URL.

fsspec finds it by the protocols ``swift``, ``jsobj+swift`` and ``jsobj+s3`` without any import of jsobj.
"""

from __future__ import annotations

from jsobj.fs.filesystem import ObjectFileSystem, S3FileSystem, SwiftFileSystem

__all__ = ["ObjectFileSystem", "S3FileSystem", "SwiftFileSystem"]
