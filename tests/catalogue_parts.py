"""What stands in the parts of a catalogue, read by another library than jsobj's."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

PARTS = "_catalog/v1/parts/"
Row = dict[str, Any]


def all_rows(parts: Mapping[str, bytes]) -> list[Row]:
    """Every row of ``parts`` (by key) that no other part stands for."""
    from pyarrow import parquet

    read = {
        key.rpartition("/")[2].removesuffix(".parquet"): parquet.read_table(io.BytesIO(parts[key])) for key in parts
    }
    said = [json.loads((table.schema.metadata or {}).get(b"jsobj", b"{}")) for table in read.values()]
    replaced = {name for each in said for name in each.get("replaces", ())}
    return [row for name, table in read.items() if name not in replaced for row in table.to_pylist()]


def newest(rows: list[Row]) -> dict[str, Row]:
    """The last row of each key, without what is deleted."""
    found = {row["_key"]: row for row in sorted(rows, key=lambda row: (row["_loaded"], row["_line"] or 0))}
    return {key: row for key, row in found.items() if not row["_deleted"]}
