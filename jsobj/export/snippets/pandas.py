"""pandas: Parquet; read_csv takes the same options."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, with_options


def code(target: Target) -> str:
    """The lines."""
    url = target.quoted()
    lines = f"""data = pd.read_parquet({url}, storage_options=options)
print(data)
"""
    return with_options(target, "import pandas as pd") + lines
