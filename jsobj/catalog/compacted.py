"""Parts that stand for others: which parts they replace is written in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsobj.catalog.layout import COMPACTED
from jsobj.catalog.parts import Part

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ABOUT = "jsobj"  # the name of what a part says about itself, in its Parquet metadata


def replaced(connection: DuckDBPyConnection, files: Mapping[Part, Path]) -> frozenset[str]:
    """The names of parts whose rows are all in another one of these."""
    compacted = [str(path) for part, path in files.items() if part.name.startswith(COMPACTED)]
    if not compacted:
        return frozenset()
    found = connection.execute(
        "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = ?", [compacted, ABOUT]
    ).fetchall()
    return frozenset(name for (said,) in found for name in json.loads(said).get("replaces", ()))


def said_by(connection: DuckDBPyConnection, file: str) -> dict[str, Any]:
    """What the part in a file says about itself."""
    found = connection.execute(
        "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = ?", [file, ABOUT]
    ).fetchall()
    document = json.loads(found[0][0]) if found else {}
    return document if isinstance(document, dict) else {}
