"""zarr-python 3: ``S3Map`` is refused there, a store of its own takes its place."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""store = zarr.storage.FsspecStore.from_url({url}, storage_options=options, read_only=True)
data = zarr.open(store, mode="r")
print(data.info)
"""
    return with_options(target, "import zarr") + lines
