"""From sorted rows to shards: texts of columns that a browser searches as they are.

A column of a shard is one text, its cells joined by a character that is in none of them: no list of a million small
texts is made, neither here nor in the browser, and looking for a word is one pass over memory. Where a shard ends is
decided by the keys themselves, so a row that is added or taken away changes one shard, not all that come after it.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import chain
from zlib import crc32

from jsobj.catalog.search.layout import DATE, TEXT, Column

KEY = "_key"
LONGEST = 10_000  # characters of a cell; more is of no use on a page
_LEAST, _MOST = 12_000, 32_000  # rows; fewer than 65 536, which the page counts on
_ONE_IN = 8192  # keys after which a shard may end
_CHARACTERS = 6 * 1024**2  # after which it ends in any case
# A cell has none of them as a rule, and the first costs one byte and no escape in JSON.
_MARKS = ("\x7f", "\n", "\x1f", "\x00")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

Ranges = Mapping[str, tuple[float, float] | tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shard:
    """``name``: of its object, made of ``body`` (JSON). ``ranges``: of numbers and days, by the number of the column;
    none where they are not known. ``cut``: cells of which only the first :data:`LONGEST` characters are in it.
    """

    name: str
    rows: int
    body: bytes
    first: str
    last: str
    ranges: Ranges
    cut: int = 0


def shards(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Iterator[Shard]:
    """Of rows that are sorted by the column :data:`KEY`, each with a value for each column, None for none.

    Raises :class:`ValueError` where there is no such column.
    """
    key = [column.name for column in columns].index(KEY)
    gathered = _Gathered()
    for row in rows:
        texts = [cell if cell.__class__ is str else written(cell) for cell in row]
        gathered.take(texts)
        if gathered.full(texts[key]):
            yield _made(columns, gathered, key)
            gathered = _Gathered()
    if gathered.rows:
        yield _made(columns, gathered, key)


def written(value: object) -> str:
    """A value as the page shows it, "" for None: numbers and moments as JavaScript reads them, moments in UTC."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return (value.astimezone(timezone.utc).replace(tzinfo=None) if value.tzinfo else value).isoformat(" ")
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return bytes(value).hex() if isinstance(value, bytes | bytearray) else str(value)


@dataclass(slots=True)
class _Gathered:
    rows: list[list[str]] = field(default_factory=list)
    characters: int = 0
    cut: int = 0

    def take(self, texts: list[str]) -> None:
        size = sum(map(len, texts))
        if size > LONGEST:
            self.cut += sum(len(text) > LONGEST for text in texts)
            texts = [text[:LONGEST] for text in texts]
            size = sum(map(len, texts))
        self.rows.append(texts)
        self.characters += size

    def full(self, key: str) -> bool:
        count = len(self.rows)
        if count >= _MOST or self.characters >= _CHARACTERS:
            return True
        return count >= _LEAST and crc32(key.encode("utf-8", "replace")) % _ONE_IN == 0


def _made(columns: Sequence[Column], gathered: _Gathered, key: int) -> Shard:
    rows = gathered.rows
    cells = list(zip(*rows, strict=True))
    value = {"rows": len(rows), "columns": [_joined(column) for column in cells]}
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    ranges = {}
    for number, column in enumerate(columns):
        if column.kind != TEXT and (found := _range(column.kind, cells[number])):
            ranges[str(number)] = found
    name = f"{hashlib.sha256(body).hexdigest()[:32]}.json.gz"
    return Shard(name, len(rows), body, rows[0][key], rows[-1][key], ranges, gathered.cut)


def _joined(cells: tuple[str, ...]) -> tuple[str, str]:
    """A character that is in none of the cells, and the cells with it in between."""
    for mark in chain(_MARKS, map(chr, range(0xE000, 0xF900))):
        text = mark.join(cells)
        if text.count(mark) == len(cells) - 1:
            return mark, text
    raise ValueError("a column has every character there is")


def _range(kind: str, cells: tuple[str, ...]) -> tuple[float, float] | tuple[str, str] | None:
    """The least and the largest; None where not all are what they should be."""
    if kind == DATE:
        days = {cell[:10] for cell in cells} - {""}
        return (min(days), max(days)) if days and all(map(_DAY.fullmatch, days)) else None
    try:
        numbers = [float(cell) for cell in cells if cell and cell != "NaN"]
    except ValueError:
        return None
    if not numbers or not math.isfinite(sum(map(abs, (least := min(numbers), largest := max(numbers))))):
        return None
    return least, largest
