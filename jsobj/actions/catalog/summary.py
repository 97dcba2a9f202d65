"""What a catalogue holds, and who loaded what when."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from jsobj.actions.catalog.query import open_rows
from jsobj.actions.stores import BucketStores
from jsobj.catalog.engine import named
from jsobj.catalog.layout import Catalogue
from jsobj.catalog.schema import read_schema
from jsobj.catalog.writing import Load, read_load
from jsobj.errors import ExitCode, JsobjError
from jsobj.parallel_map import parallel_map
from jsobj.store.location import Location, head_or_none

_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the user. ``filled``: in how many rows it has a value."""

    name: str
    type: str
    filled: int


@dataclass(frozen=True, slots=True)
class CatalogueSummary:
    """``all_rows``: older and deleted ones included; ``bytes``: of the objects that rows name."""

    url: str
    rows: int
    all_rows: int
    objects: int
    bytes: int
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    parts: int
    part_bytes: int
    searchable: bool
    loads: tuple[Load, ...]


def summary(stores: BucketStores, place: Location) -> CatalogueSummary:
    """What there is. Raises as :class:`jsobj.catalog.rows.Rows`."""
    with open_rows(stores, place) as rows:
        catalogue = rows.catalogue
        schema = read_schema(catalogue)
        counts = ", ".join(f"count(nullif({named(name)}::VARCHAR, ''))" for name in rows.types)
        each = "(SELECT max(_size) AS size FROM catalog GROUP BY _object)"
        asked = f"count(*), count(DISTINCT _object), coalesce((SELECT sum(size) FROM {each}), 0)"
        found = next(rows.ask(f"SELECT {asked}{', ' + counts if counts else ''} FROM catalog").tuples())
        total = next(rows.ask("SELECT count(*) FROM history").tuples())[0]
        columns = tuple(map(Column, rows.types, rows.types.values(), found[3:]))
        return CatalogueSummary(
            catalogue.url,
            found[0],
            total,
            found[1],
            int(found[2]),
            schema.key if schema is not None else (),
            columns,
            len(rows.parts),
            sum(part.size for part in rows.parts),
            head_or_none(catalogue.store, f"{catalogue.root}search/index.json") is not None,
            loads(catalogue),
        )


def loads(catalogue: Catalogue) -> tuple[Load, ...]:
    """Who loaded what when, the latest first; () where names may not be listed."""
    try:
        keys = [item.key for item in catalogue.store.list(f"{catalogue.root}loads/")]
    except JsobjError as error:
        if error.code in {ExitCode.REFUSED, ExitCode.AUTH}:
            return ()
        raise
    with closing(parallel_map(catalogue.read_json, keys, _AT_ONCE, stop=catalogue.store.stop)) as found:
        read = [read_load(document) for document in found if document is not None]
    return tuple(sorted(read, key=lambda load: load.loaded, reverse=True))
