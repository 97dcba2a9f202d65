"""zarr-python 2: a mapping of keys."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""store = s3fs.S3Map({url}, s3=s3fs.S3FileSystem(**options), check=False)
data = zarr.open(store, mode="r")
print(data.info)
"""
    return with_options(target, "import s3fs", "import zarr") + lines
