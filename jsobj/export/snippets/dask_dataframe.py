"""dask.dataframe: Parquet, one file or many."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""data = dd.read_parquet({url}, storage_options=options)
print(data.head())
"""
    return with_options(target, "import dask.dataframe as dd") + lines
