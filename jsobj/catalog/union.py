"""Parts with columns of one name and several types, read as one table."""

from __future__ import annotations

import json
import os
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from jsobj.catalog.engine import named, texts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Of each file, the columns that are read as text, each with its type in this file.
Mixed: TypeAlias = Mapping[str, Mapping[str, str]]

_NUMBER, _MOMENT, _TEXT = "number", "moment", "text"


def mixed_columns(connection: DuckDBPyConnection, files: Sequence[str], kept: Path) -> Mixed:
    """The columns whose types DuckDB does not bring together: two people have typed them differently at once, say.

    ``kept``: the file that keeps the answer, which is always the same for the same parts.
    """
    if len(files) < 2:
        return {}
    with suppress(OSError, ValueError):
        found: Mixed = json.loads(kept.read_text(encoding="utf-8"))
        return found
    seen = connection.execute(
        "SELECT file_name, name, type, upper(coalesce(logical_type, converted_type, '')) FROM parquet_schema(?) "
        "WHERE type IS NOT NULL",
        [list(files)],
    ).fetchall()
    types: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)  # of a column: name and kind in each file
    for file, name, stored, logical in seen:
        types[name.lower()][file] = (name, _kind(stored, logical))
    mixed: dict[str, dict[str, str]] = {}
    for each in types.values():
        kinds = {kind for _, kind in each.values()}
        if len(kinds) > 1 and _TEXT not in kinds:
            for file, (name, kind) in each.items():
                mixed.setdefault(file, {})[name] = kind
    temp = kept.with_name(f".{os.getpid()}-{threading.get_ident()}-{kept.name}")
    try:
        temp.write_text(json.dumps(mixed), encoding="utf-8")
        temp.replace(kept)
    finally:
        temp.unlink(missing_ok=True)
    return mixed


def _kind(stored: str, logical: str) -> str:
    if stored == "BOOLEAN":
        return stored
    if logical.startswith(("DATE", "TIMESTAMP")):
        return _MOMENT
    if logical.startswith("TIME"):
        return "time"
    return _TEXT if "BYTE_ARRAY" in stored and not logical.startswith("DECIMAL") else _NUMBER


def union(files: Sequence[str], mixed: Mixed, options: str = "") -> str:
    """The SELECT of all rows of these files. ``options``: of ``read_parquet``, after a comma."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for file in files:
        groups[tuple(sorted(mixed.get(file, {}).items()))].append(file)
    selects = []
    for columns, group in groups.items():
        as_text = ", ".join(f"CAST({named(name)} AS VARCHAR) AS {named(name)}" for name, _ in columns)
        replaced = f" REPLACE ({as_text})" if as_text else ""
        selects.append(f"SELECT *{replaced} FROM read_parquet({texts(group)}, union_by_name=true{options})")
    return " UNION ALL BY NAME ".join(selects)
