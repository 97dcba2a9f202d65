"""Export: rows in the forms of others, written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from jsobj.actions.catalog.query import open_rows
from jsobj.actions.stores import BucketStores
from jsobj.catalog.exports import dynamodb
from jsobj.catalog.exports.cells import write_csv
from jsobj.catalog.exports.ducklake import write_lake
from jsobj.catalog.exports.stac import write_items
from jsobj.catalog.objects import plain_url
from jsobj.catalog.rows import Found, Rows, Wish
from jsobj.catalog.staging import staging_folder
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.store.location import Location

CSV, PARQUET, STAC, DYNAMODB, DUCKLAKE = FORMS = ("csv", "parquet", "stac-geoparquet", "dynamodb-json", "ducklake")


@dataclass(frozen=True, slots=True)
class Exported:
    """``rows`` were written; ``left_out``: how many were not, for each reason."""

    path: str
    form: str
    rows: int
    left_out: tuple[tuple[str, int], ...] = ()

    @property
    def code(self) -> ExitCode:
        """The exit code."""
        return ExitCode.PARTIAL if self.left_out else ExitCode.OK


def export(stores: BucketStores, place: Location, form: str, path: str, where: str = "") -> Exported:
    """Write the rows that ``where`` (SQL) selects to the file ``path``, which is replaced.

    Raises :class:`JsobjError`: usage (the condition; rows that cannot have the form), local (the file), and what
    :class:`jsobj.catalog.rows.Rows` raises.
    """
    if form not in FORMS:
        raise BadUsage(f"there is no form '{form}'", hint=f"one of {', '.join(FORMS)}")
    if form == DUCKLAKE and where.strip():
        raise BadUsage("a DuckLake is of all rows: it takes no condition")
    wish = Wish(where=where, order="_key")
    with ExitStack() as stack:
        folder = staging_folder(stores.settings.cache_dir)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        temp, between = stack.enter_context(replacing(path)), str(folder / "rows.parquet")
        with open_rows(stores, place, write_to=[temp, between]) as rows:
            if form == PARQUET:
                rows.write_parquet(wish, temp)
                return Exported(path, form, _count(rows, where))
            if form == DUCKLAKE:
                _write_lake(rows, temp, folder)
                return Exported(path, form, _count(rows, ""))
            if form == STAC:
                rows.write_parquet(wish, between)
            else:
                write = _write_csv if form == CSV else _write_dynamodb
                with Path(temp).open("w", encoding="utf-8", newline="") as out:
                    written, large = write(rows.find(wish), out)
                left_out = (("is larger than an item of DynamoDB (400 KiB)", large),) if large else ()
                return Exported(path, form, written, left_out)
        items = write_items(between, temp, folder)
        reasons = {"has no usable box (west, south, east, north)": items.without_box, "has no time": items.without_time}
        return Exported(path, form, items.items, tuple((each, count) for each, count in reasons.items() if count))


def _count(rows: Rows, where: str) -> int:
    condition = f" WHERE (\n{where}\n)" if where.strip() else ""
    return int(next(rows.ask(f"SELECT count(*) FROM catalog{condition}").tuples())[0])


@contextmanager
def replacing(path: str) -> Iterator[str]:
    """A temporary file beside ``path``, which it replaces at the end. Raises local where it cannot be written."""
    target = Path(path).absolute()
    temp = target.parent / f".{target.name}.{os.getpid()}.tmp"
    try:
        temp.touch(mode=0o666)
        temp.unlink()
        yield str(temp)
        temp.replace(target)
    except Exception as error:
        if not isinstance(error, OSError) and type(error).__name__ != "IOException":  # of DuckDB: a full disk
            raise
        raise JsobjError(
            "catalog-export",
            f"cannot write {path}",
            code=ExitCode.LOCAL,
            context=getattr(error, "strerror", None) or str(error),
            hint="check the path, and the space on its disk",
        ) from error
    finally:
        for leftover in (temp, temp.with_name(f"{temp.name}.wal")):
            leftover.unlink(missing_ok=True)


def _write_csv(found: Found, out: TextIO) -> tuple[int, int]:
    return write_csv(found, out), 0


def _write_dynamodb(found: Found, out: TextIO) -> tuple[int, int]:
    """How many items were written, and how many are too large."""
    written = large = 0
    for row in found:
        if line := dynamodb.line(row):
            out.write(f"{line}\n")
            written += 1
        else:
            large += 1
    return written, large


def _write_lake(rows: Rows, temp: str, folder: Path) -> None:
    catalogue = rows.catalogue
    if not rows.parts:
        raise BadUsage("the catalogue has no part yet, and a DuckLake would have no file")
    url_of = partial(plain_url, catalogue.store.place)
    parts = {file: url_of(catalogue.part(part.name)) for part, file in zip(rows.parts, rows.files, strict=True)}
    write_lake(parts, rows.all_columns(), temp, folder, url_of(catalogue.parts))
