"""Compact: many small parts become one that stands for them, while others read and write."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jsobj.actions.catalog.query import open_rows
from jsobj.actions.catalog.search import write_search
from jsobj.actions.stores import BucketStores
from jsobj.catalog import writing
from jsobj.catalog.compacted import compacted
from jsobj.catalog.layout import COMPACTED
from jsobj.catalog.parts import Part, write_manifest
from jsobj.catalog.rows import Rows
from jsobj.store.location import Location

GRACE = 7 * 86400.0  # seconds for which replaced parts stay: a reader may have them in hand


@dataclass(frozen=True, slots=True)
class Compaction:
    """``merged``: parts that one new part stands for now, 0 where there was one only; ``removed``: old ones deleted.

    ``waiting``: replaced parts that are still there for readers who have them in hand.
    """

    merged: int
    rows: int
    removed: int
    waiting: int
    before: int


def compact(
    stores: BucketStores,
    place: Location,
    *,
    grace: float = GRACE,
    by: str = "",
    also: Callable[[Rows], object] = write_search,
) -> Compaction:
    """Write one part with all rows, sorted by key; delete parts that were replaced ``grace`` seconds ago.

    ``also`` is called with the rows as they are: it writes what the search page reads. Raises what the store raises.
    """
    with open_rows(stores, place) as rows:
        merged, count = _merged(stores, rows, by) if len(rows.parts) > 1 else (0, _count(rows))
        also(rows)
    removed, waiting = _removed(stores, place, grace)
    return Compaction(merged, count, removed, waiting, len(rows.listed))


def _count(rows: Rows) -> int:
    return int(next(rows.ask("SELECT count(*) FROM history").tuples())[0])


def _merged(stores: BucketStores, rows: Rows, by: str) -> tuple[int, int]:
    catalogue, moment = rows.catalogue, writing.now()
    names = sorted(part.name for part in rows.parts)
    name = COMPACTED + hashlib.sha256("\0".join(names).encode()).hexdigest()[:40]
    count = _count(rows)
    load = writing.Load(name, "compact", count, moment.isoformat(timespec="microseconds"), by, "compact")
    # What those parts replaced is replaced by this one, too: they go, and what they told goes with them.
    about = {
        "schema": "jsobj.catalog-part/1",
        "load": load.to_json(),
        "replaces": sorted({*names, *rows.replaced} - {name}),
    }
    with tempfile.TemporaryDirectory(prefix="catalog-", dir=stores.settings.cache_dir) as folder:
        path = Path(folder) / "part.parquet"
        rows.write_all(path, about)
        _complete_records(rows)
        writing.put_part(catalogue, path, load)
    return len(names), count


def _complete_records(rows: Rows) -> None:
    """Before a part may go, it is on record: by that, the same load is known again."""
    catalogue = rows.catalogue
    known = {item.key for item in catalogue.store.list(f"{catalogue.root}loads/")}
    for part in rows.parts:
        if catalogue.load(part.name) not in known:
            said = rows.about(part).get("load", {})
            catalogue.write_json(catalogue.load(part.name), writing.read_load({**said, "part": part.name}).to_json())


def _removed(stores: BucketStores, place: Location, grace: float) -> tuple[int, int]:
    """Delete what a part has replaced for long enough; how many went, and how many wait."""
    with open_rows(stores, place) as rows:
        catalogue, now = rows.catalogue, writing.now().timestamp()
        # Also those that a newer one stands for: else nothing would ever go where somebody compacts every day.
        aged = [part for part in compacted(rows.listed) if _age(part, now) >= grace]
        old = {name for part in aged for name in rows.replaced_by(part)}
        gone = [part for part in rows.listed if part.name in old and part.name in rows.replaced]
        waiting = sum(part.name in rows.replaced for part in rows.listed) - len(gone)
    # Before they go, so that nobody is sent to what is not there; and anyway, as a run may have been killed here.
    write_manifest(catalogue, without={part.name for part in gone})
    for part in gone:
        catalogue.store.delete(catalogue.part(part.name))
    if gone:  # a load may have listed them while they were there
        write_manifest(catalogue)
    return len(gone), waiting


def _age(part: Part, now: float) -> float:
    # Swift's S3 rounds times up to the next second, and its clock is not ours.
    return max(0.0, now - part.modified) if part.modified is not None else 0.0
