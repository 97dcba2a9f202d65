"""Parts that stand for others: which parts they replace is written in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from jsobj.catalog.layout import COMPACTED
from jsobj.catalog.parts import Part, PartCache

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ABOUT = "jsobj"  # the name of what a part says about itself, in its Parquet metadata


def replaced(connection: DuckDBPyConnection, cache: PartCache, listed: Sequence[Part]) -> frozenset[str]:
    """The names of parts whose rows are all in another one of these. Only those that stand for others are fetched, and
    of these no one that a newer one stands for. Raises as :meth:`PartCache.fetched`.
    """
    names: set[str] = set()
    for part in sorted(compacted(listed), key=lambda part: part.modified or 0.0, reverse=True):
        if part.name not in names:
            names |= replaced_by(connection, cache, part)
    return frozenset(names)


def compacted(listed: Iterable[Part]) -> list[Part]:
    """The parts that stand for others."""
    return [part for part in listed if part.name.startswith(COMPACTED)]


def replaced_by(connection: DuckDBPyConnection, cache: PartCache, part: Part) -> frozenset[str]:
    """The names of the parts that one stands for. Raises as :meth:`PartCache.fetched`."""
    (file,) = cache.fetched([part])
    return frozenset(said_by(connection, str(file)).get("replaces", ()))


def said_by(connection: DuckDBPyConnection, file: str) -> dict[str, Any]:
    """What the part in a file says about itself."""
    found = connection.execute(
        "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = ?", [file, ABOUT]
    ).fetchall()
    document = json.loads(found[0][0]) if found else {}
    return document if isinstance(document, dict) else {}
