"""Single rows, changed by hand: each change is a row of its own, newer than what it was made from."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

from jsobj.actions.catalog.query import open_rows
from jsobj.actions.stores import BucketStores
from jsobj.catalog import writing
from jsobj.catalog.engine import connect, named
from jsobj.catalog.rows import Rows
from jsobj.catalog.schema import OWN, Schema, column_of, read_schema, require_columns
from jsobj.catalog.types import TEXT, ColumnType
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.store.location import Location

_KEPT = ("_object", "_url", "_size", "_sha256", "_etag")


@dataclass(frozen=True, slots=True)
class Changed:
    """A row as it is now. ``before``: whether there was one; ``changed``: the columns that have another value."""

    key: str
    before: bool
    changed: tuple[str, ...]
    values: Mapping[str, Any]


def add(stores: BucketStores, place: Location, key: str, values: Mapping[str, str], *, by: str = "") -> Changed:
    """Add a row, or change columns of the one that has this key; the others stay. An empty text empties a cell.

    Raises :class:`JsobjError`: usage (columns, types, the key), not found (no catalogue).
    """
    with open_rows(stores, place) as rows:
        schema = _schema(rows)
        before = _newest(rows, schema, key)
        columns = list(rows.types) or [*schema.key]
        wanted = {}
        for name, value in values.items():
            if name not in columns and name.lower() not in {each.lower() for each in columns}:
                require_columns([name])
                columns.append(name)
            wanted[column_of(name, columns, "add")] = value
        parts = dict(zip(schema.key, schema.values_of(key), strict=True))
        for name in schema.key:
            if wanted.setdefault(name, parts[name]) != parts[name]:
                raise BadUsage(f"'{name}' names the row, and is '{parts[name]}' in {key}")
        types = {name: rows.types.get(name) or schema.types.get(name, TEXT) for name in columns}
        typed = {name: _typed(rows, name, types[name], value) for name, value in wanted.items()}
        row = {name: before.get(name) if before else None for name in columns} | typed
        changed = tuple(name for name in columns if before is None or _differ(before.get(name), row[name]))
        if before is not None and not changed:
            return Changed(key, True, (), row)
        _put(stores, rows, key, row, types, before, verb="add", by=by)
    return Changed(key, before is not None, changed, row)


def delete(stores: BucketStores, place: Location, key: str, *, by: str = "") -> Changed:
    """Delete a row; its object stays, and so does what the row was (``history``). Raises not found without a row."""
    with open_rows(stores, place) as rows:
        schema = _schema(rows)
        before = _newest(rows, schema, key)
        if before is None:
            raise no_row(rows, key)
        row = {name: before.get(name) for name in rows.types}
        _put(stores, rows, key, row, rows.types, before, verb="delete", by=by)
    return Changed(key, True, (), row)


def history(rows: Rows, key: str) -> list[dict[str, Any]]:
    """All that a key ever was, the newest first. Raises not found where there never was such a row."""
    found = rows.ask("SELECT * FROM history WHERE _key = ? ORDER BY _loaded DESC, _line DESC", [key]).rows()
    if not found:
        raise no_row(rows, key)
    return found


def no_row(rows: Rows, key: str) -> JsobjError:
    """The error for a key that no row has."""
    return JsobjError(
        "catalog-no-row",
        f"no row of {rows.catalogue.url} has the key '{key}'",
        code=ExitCode.NOT_FOUND,
        hint=f"look for it: jsobj catalog query {rows.catalogue.url} \"_key LIKE '%{key[:20]}%'\"",
    )


def _schema(rows: Rows) -> Schema:
    schema = read_schema(rows.catalogue)
    if schema is None:
        raise rows.catalogue.missing()
    return schema


def _newest(rows: Rows, schema: Schema, key: str) -> dict[str, Any] | None:
    schema.values_of(key)
    return next(iter(rows.ask("SELECT * FROM catalog WHERE _key = ?", [key])), None)


def _typed(rows: Rows, name: str, kind: str, value: str) -> Any:
    """The value that a text is, as a row of a table has it. Raises usage where it is none."""
    found = next(rows.ask(f"SELECT {ColumnType(kind).sql('said')} FROM (SELECT ?::VARCHAR AS said)", [value]).tuples())[
        0
    ]
    if found is None and value.strip():
        raise BadUsage(f"{name}: '{value[:60]}' is no {kind}")
    return found


def _differ(before: Any, after: Any) -> bool:
    return bool(before != after) and not (before in {None, ""} and after in {None, ""})


def _put(
    stores: BucketStores,
    rows: Rows,
    key: str,
    row: Mapping[str, Any],
    types: Mapping[str, str],
    before: Mapping[str, Any] | None,
    *,
    verb: str,
    by: str,
) -> None:
    import duckdb

    moment = writing.now()
    if (latest := _latest(rows, key)) is not None:  # also where the clock of who wrote it is ahead
        moment = max(moment, latest + timedelta(microseconds=1))
    name = hashlib.sha256(f"{key}\0{uuid4()}".encode()).hexdigest()[:40]
    load = writing.Load(name, verb, 1, moment.isoformat(timespec="microseconds"), by, verb)
    kept = {each: before.get(each) if before else None for each in _KEPT}
    with tempfile.TemporaryDirectory(prefix="catalog-", dir=stores.settings.cache_dir) as folder:
        with closing(connect(Path(folder))) as connection:
            own = {**dict.fromkeys(OWN), **kept, "_key": key, "_source": verb, "_deleted": verb == "delete"}
            own["_loaded"] = moment.astimezone(timezone.utc).replace(tzinfo=None)
            kinds = {**types, **OWN}
            try:
                connection.execute(
                    "CREATE TABLE one AS SELECT "
                    + ", ".join(f"CAST(? AS {kind}) AS {named(column)}" for column, kind in kinds.items()),
                    [{**row, **own}[column] for column in kinds],
                )
            except duckdb.ConversionException as error:
                raise BadUsage(f"a value has not the type of its column: {error}") from error
            about = {"schema": "jsobj.catalog-part/1", "load": load.to_json()}
            writing.write_file(connection, "SELECT * FROM one", Path(folder) / "part.parquet", about)
        writing.put_part(rows.catalogue, Path(folder) / "part.parquet", load)


def _latest(rows: Rows, key: str) -> Any:
    found = next(rows.ask("SELECT max(_loaded) FROM history WHERE _key = ?", [key]).tuples(), (None,))[0]
    return found.replace(tzinfo=timezone.utc) if found is not None else None
