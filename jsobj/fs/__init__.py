"""Object storage as an fsspec filesystem: pandas, xarray, zarr, dask, pyarrow and others read and write by URL.

fsspec finds it by the protocols ``swift``, ``jsobj+swift`` and ``jsobj+s3`` without any import of jsobj. Where PyPI's
swiftspec is installed too, which registers ``swift`` as well, fsspec takes whichever of the two it finds first;
importing this module makes it ours for the process, and ``jsobj+swift`` is always ours.
"""

from __future__ import annotations

import fsspec

from jsobj.fs.filesystem import ObjectFileSystem

__all__ = ["ObjectFileSystem", "S3FileSystem", "SwiftFileSystem"]


class SwiftFileSystem(ObjectFileSystem):
    """Containers over the Swift API: every login opens them, also an application credential that gets no S3 keys."""

    protocol = ("swift", "jsobj+swift")
    dialect = "swift"


class S3FileSystem(ObjectFileSystem):
    """Buckets over S3, with the keys of a profile or of ``AWS_*`` variables."""

    protocol = ("jsobj+s3",)
    dialect = "s3"


fsspec.register_implementation("swift", SwiftFileSystem, clobber=True)
