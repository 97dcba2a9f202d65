"""s3fs: files and folders."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""fs = s3fs.S3FileSystem(**options)
print(fs.ls({url}))
"""
    return with_options(target, "import s3fs") + lines
