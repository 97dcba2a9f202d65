"""What rows are made of: the columns of the user, the columns of ours, and what names a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jsobj.catalog.layout import Catalogue
from jsobj.catalog.types import KNOWN, TEXT
from jsobj.errors import BadUsage, ExitCode, JsobjError

SCHEMA = "jsobj.catalog/1"

# What a row says beside the user's columns: its name, its object, who brought it.
OWN = {
    "_key": TEXT,
    "_object": TEXT,
    "_url": TEXT,
    "_size": "BIGINT",
    "_sha256": TEXT,
    "_etag": TEXT,
    "_loaded": "TIMESTAMP",
    "_source": TEXT,
    "_line": "BIGINT",
    "_deleted": "BOOLEAN",
}

_ESCAPED = re.compile(r"[%/]")
_LONGEST = 255  # characters of a column's name


@dataclass(frozen=True, slots=True)
class Schema:
    """``key``: the one or two columns that name a row. ``types``: of columns that are not text."""

    key: tuple[str, ...]
    types: Mapping[str, str] = field(default_factory=dict)

    def name_of(self, values: Sequence[str]) -> str:
        """What names a row with these values of the key's columns: two are joined by a slash."""
        if len(self.key) == 1:
            return values[0]
        return "/".join(_ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", value) for value in values)

    def values_of(self, name: str) -> tuple[str, ...]:
        """The values of the key's columns in the name of a row. Raises :class:`JsobjError` (usage)."""
        if len(self.key) == 1:
            return (name,)
        parts = name.split("/")
        if len(parts) != len(self.key):
            form = "/".join(self.key).upper()
            raise BadUsage(f"'{name}' names no row here: a row is named by {form}", hint=f"write {form}")
        return tuple(part.replace("%2F", "/").replace("%25", "%") for part in parts)


def require_columns(names: Iterable[str]) -> None:
    """Raises :class:`JsobjError` (local) for names that columns cannot have."""
    seen: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        fault = _fault(name)
        if not fault and name.lower() in seen:
            fault = f"is there twice (as '{seen[name.lower()]}'; upper and lower case make no difference)"
        if fault:
            raise JsobjError(
                "catalog-column",
                f"column {number} ('{name[:60]}') {fault}",
                code=ExitCode.LOCAL,
                hint="name the columns yourself, in their order: --columns a,b,c",
            )
        seen[name.lower()] = name


def _fault(name: str) -> str:
    if not name.strip():
        return "has no name"
    if name.lower() == "file_row_number":
        return "has a name that DuckDB uses itself"
    if name.startswith("_"):
        return "begins with '_', as only jsobj's own columns do"
    if len(name) > _LONGEST:
        return f"has a name of more than {_LONGEST} characters"
    return "has a control character in its name" if any(ord(ch) < 32 or ord(ch) == 127 for ch in name) else ""


def column_of(typed: str, columns: Sequence[str], what: str) -> str:
    """The column that is meant by a name or by a number from 1 on. Raises :class:`JsobjError` (usage)."""
    if typed in columns:
        return typed
    low = [column for column in columns if column.lower() == typed.lower()]
    if low:
        return low[0]
    if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(columns):
        return columns[int(typed) - 1]
    raise BadUsage(f"{what}: there is no column '{typed}'", hint=f"the columns are: {', '.join(columns)}")


def read_schema(catalogue: Catalogue) -> Schema | None:
    """The schema of a catalogue that is there; None where there is none."""
    document = catalogue.read_json(catalogue.schema)
    if document is None:
        return None
    key, types = document.get("key"), document.get("columns")
    if not (isinstance(key, list) and key and all(isinstance(each, str) for each in key) and isinstance(types, dict)):
        raise JsobjError(
            "catalog-damaged",
            f"{catalogue.store.place.url(catalogue.schema)} is not what a catalogue has there",
            code=ExitCode.INTEGRITY,
            hint="was it made by a newer jsobj? pip install --upgrade jsobj",
        )
    return Schema(tuple(key), {name: str(kind) for name, kind in types.items() if kind in KNOWN})


def write_schema(catalogue: Catalogue, schema: Schema) -> None:
    """Write it, and look before and after that nobody else has written another one meanwhile.

    Raises :class:`JsobjError` (refused) where two programs begin one catalogue with different keys.
    """
    document: dict[str, Any] = {"schema": SCHEMA, "key": list(schema.key), "columns": dict(schema.types)}
    for write in (True, False):
        there = read_schema(catalogue)
        if there is not None and there.key != schema.key:
            raise other_key(catalogue, there, schema)
        if write:
            catalogue.write_json(catalogue.schema, document)


def other_key(catalogue: Catalogue, there: Schema, wanted: Schema) -> JsobjError:
    """The error for rows that would be named in another way than those that are there."""
    options = " ".join(f"--{word} {column}" for word, column in zip(("key", "row"), there.key, strict=False))
    return JsobjError(
        "catalog-other-key",
        f"the rows of {catalogue.url} are named by {', '.join(there.key)}, not by {', '.join(wanted.key)}",
        code=ExitCode.REFUSED,
        hint=f"load with {options}, or into another prefix",
    )
