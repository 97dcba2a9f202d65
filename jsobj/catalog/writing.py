"""How rows become a part: a Parquet file, named by its content, and then what is known about it.

The order makes every moment of death harmless: the part first, in one request, and with it all of its rows are there;
then the list for readers who may not list, and the record of the load. Whoever loads the same again finds the part by
its name and does what is missing. Nothing is locked, and nothing that exists is changed but that list.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsobj.catalog.compacted import ABOUT
from jsobj.catalog.engine import disk_of_ours, named, text
from jsobj.catalog.layout import Catalogue
from jsobj.catalog.parts import write_manifest
from jsobj.catalog.schema import OWN
from jsobj.net.body import FileSource
from jsobj.store.location import head_or_none
from jsobj.store.values import PutOptions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OPTIONS = PutOptions("application/vnd.apache.parquet")
_GROUP = 20_480  # rows that are read or left out together
_NUMBERS = frozenset({"rows", "objects", "bytes", "refused"})
_HASHED = 100_000  # rows whose digests are put together at once


@dataclass(frozen=True, slots=True)
class Load:
    """What is known about a part. ``verb``: ``load``, ``add``, ``delete``, ``scan`` or ``compact``.

    ``loaded``: ISO 8601, in UTC. ``objects`` and ``bytes``: that its rows name. ``refused``: rows that were not loaded.
    """

    part: str
    verb: str
    rows: int
    loaded: str
    by: str = ""
    source: str = ""
    objects: int = 0
    bytes: int = 0
    refused: int = 0

    def to_json(self) -> dict[str, Any]:
        """The document ``jsobj.catalog-load/1``."""
        return {"schema": "jsobj.catalog-load/1", **asdict(self)}


def read_load(document: Mapping[str, Any]) -> Load:
    """The record that a document is; what is missing or odd in it is empty."""
    values: dict[str, Any] = {}
    for each in fields(Load):
        value, kind = document.get(each.name), int if each.name in _NUMBERS else str
        values[each.name] = value if isinstance(value, kind) else kind()
    return Load(**values)


def now() -> datetime:
    """The time of this computer, in UTC."""
    return datetime.now(timezone.utc)


def digest_of(connection: DuckDBPyConnection, table: str, columns: Sequence[str], order: str) -> list[str]:
    """Digests that stand for the content of a table's ``columns``, in ``order`` (a column of numbers from 0 on).

    Each cell counts with its length, so that no two tables have the same. The engine does it, in a tenth of the time,
    for so many rows at once that memory stays small.
    """
    cells = " || ".join(
        f"coalesce(strlen({name}::VARCHAR) || ':' || {name}::VARCHAR, '-')" for name in map(named, columns)
    )
    last, digests = connection.execute(f"SELECT max({order}) FROM {table}").fetchall()[0][0], []
    for first in range(0, (last or 0) + 1, _HASHED):
        (digest,) = connection.execute(
            f"SELECT sha256(string_agg(digest, '' ORDER BY {order})) FROM (SELECT {order}, sha256({cells}) AS digest "
            f"FROM {table} WHERE {order} >= {first} AND {order} < {first + _HASHED})"
        ).fetchall()[0]
        digests.append(digest or "")
    return digests


def write_file(connection: DuckDBPyConnection, select: str, path: Path, said: Mapping[str, Any]) -> None:
    """Write a SELECT as a part's file, sorted by key; ``said``: what the part says about itself.

    Equal keys stay in the order in which they count: the newest last. Raises OSError where it cannot be written.
    """
    about = text(json.dumps(said, sort_keys=True))
    with disk_of_ours():
        connection.execute(
            f"COPY (SELECT * FROM ({select}) ORDER BY _key, _loaded, _line) TO {text(str(path))} (FORMAT parquet, "
            f"COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP}, KV_METADATA {{{ABOUT}: {about}}})"
        )


def own_columns(**values: str) -> str:
    """The columns of ours in a SELECT: each by its SQL, NULL where none is given."""
    return ", ".join(f"CAST({values.get(name[1:], 'NULL')} AS {kind}) AS {name}" for name, kind in OWN.items())


def time_text(moment: datetime) -> str:
    """A time as SQL writes it, in UTC."""
    return f"TIMESTAMP '{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S.%f}'"


def put_part(catalogue: Catalogue, path: Path, load: Load) -> bool:
    """Send a part, unless it is there, and then what is known about it; whether anything was new."""
    key = catalogue.part(load.part)
    there = head_or_none(catalogue.store, key) is not None
    known = head_or_none(catalogue.store, catalogue.load(load.part)) is not None
    if not there and not known:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            catalogue.store.put(key, FileSource(descriptor, 0, size, str(path)), _OPTIONS)
        finally:
            os.close(descriptor)
    if not known:
        # The record last: what has one is never looked at again.
        write_manifest(catalogue)
        catalogue.write_json(catalogue.load(load.part), load.to_json())
    return not there and not known


def is_known(catalogue: Catalogue, name: str) -> bool:
    """Whether a part of this name was loaded once, to the end; it may have been compacted since."""
    return head_or_none(catalogue.store, catalogue.load(name)) is not None
