"""h5py: HDF5, of which only the blocks that are needed are fetched."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""fs = s3fs.S3FileSystem(**options)
with fs.open({url}, "rb", cache_type="readahead") as file, h5py.File(file, "r") as data:
    print(list(data))
"""
    return with_options(target, "import h5py", "import s3fs") + lines
