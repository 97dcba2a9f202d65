"""A table as people have it: CSV with any delimiter, read row by row, each either good or refused with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from jsobj.catalog.schema import require_columns
from jsobj.errors import BadUsage, ExitCode, JsobjError

_DELIMITERS = ",;\t|"
LARGEST_ROW = 4 * 1024 * 1024  # bytes in UTF-8


@dataclass(frozen=True, slots=True)
class TableForm:
    """How a table is written. ``delimiter`` "": the one of ``,;|`` and tab that its first line has most of.

    ``header``: whether the first line names the columns; ``columns``: names that are used instead.
    """

    delimiter: str = ""
    quote: str = '"'
    header: bool = True
    columns: tuple[str, ...] = ()
    encoding: str = "utf-8-sig"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row. ``line``: where it begins, from 1 on."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not loaded, and why. ``kind``: ``row`` (its form), ``value``, ``key``, ``path``, ``file``."""

    line: int
    reason: str
    kind: str = "row"


class Table:
    """The rows of a CSV, read once. ``columns`` are known before the first row.

    Raises :class:`JsobjError`: local (it cannot be read, or has no usable header), usage (an unknown encoding).
    """

    def __init__(self, path: str, form: TableForm = TableForm()) -> None:
        self._path, self._form = path, form
        self._file = self._opened()
        try:
            self._begin()
        except BaseException:
            self._file.close()
            raise

    def _opened(self) -> TextIO:
        form = self._form
        for what, mark in (("--delimiter", form.delimiter or ","), ("--quote", form.quote or '"')):
            if len(mark) != 1 or mark in "\r\n\0":
                raise BadUsage(f"{what} takes one character", hint="a tab is $'\\t' in bash")
        try:
            # Closed by close(). What is not in the encoding becomes a surrogate, and that row is refused.
            return Path(self._path).open(encoding=form.encoding, errors="surrogateescape", newline="")
        except LookupError as error:
            raise BadUsage(f"there is no encoding '{form.encoding}'", hint="utf-8, latin-1, cp1252, utf-16") from error
        except (OSError, ValueError) as error:
            raise _unreadable(self._path, error) from error

    def _begin(self) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), LARGEST_ROW))
        form = self._form
        try:
            first = self._file.readline(LARGEST_ROW)
            self._file.seek(0)
        except (OSError, ValueError) as error:
            raise _unreadable(self._path, error) from error
        if not first.strip():
            raise self._empty()
        delimiter = form.delimiter or max(_DELIMITERS, key=first.count)
        read = partial(csv.reader, self._file, delimiter=delimiter, strict=True)
        self._reader = read(quotechar=form.quote) if form.quote else read(quotechar=None, quoting=csv.QUOTE_NONE)
        self._first: list[str] | None = None
        try:
            cells = next(self._reader)
        except (StopIteration, csv.Error, OSError, ValueError) as error:
            raise _unreadable(self._path, error) from error
        if form.header:
            columns = [cell.strip() for cell in cells]
        else:
            columns, self._first = [f"column{number}" for number in range(1, len(cells) + 1)], cells
        if form.columns:
            if len(form.columns) != len(cells):
                raise BadUsage(
                    f"--columns names {len(form.columns)} columns, and the first line of {self._path} has {len(cells)}",
                    hint=f"its delimiter was taken to be {delimiter!r}: --delimiter names another",
                )
            columns = list(form.columns)
        require_columns(columns)
        self.columns = tuple(columns)

    def __iter__(self) -> Iterator[TableRow | BadRow]:
        """The rows in their order. Raises :class:`JsobjError` (local) where reading fails."""
        width = len(self.columns)
        if self._first is not None:
            yield _judged(1, self._first, width)
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(line, f"is not CSV: {error}{self._swallowed(line)}")
                continue
            except (OSError, ValueError) as error:
                raise _unreadable(self._path, error) from error
            if cells:
                yield _judged(line, cells, width)

    def _swallowed(self, line: int) -> str:
        last = self._reader.line_num
        return f" (a quote that is not closed: lines {line} to {last} are left out)" if last > line + 1 else ""

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _empty(self) -> JsobjError:
        return JsobjError(
            "catalog-table-empty", f"{self._path} has no rows", code=ExitCode.LOCAL, hint="look at it: head FILE"
        )


def _judged(line: int, cells: list[str], width: int) -> TableRow | BadRow:
    if len(cells) != width:
        return BadRow(line, f"has {len(cells)} cell{'' if len(cells) == 1 else 's'}, and there are {width} columns")
    text = "".join(cells)
    if "\0" in text:
        return BadRow(line, "has a NUL character", "value")
    size = len(text)
    if not text.isascii():
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:
            byte = ord(text[error.start]) & 0xFF
            return BadRow(
                line, f"has the byte 0x{byte:02X}, which is not in the encoding (--encoding latin-1?)", "value"
            )
    if size > LARGEST_ROW:
        return BadRow(line, f"has more than {LARGEST_ROW} bytes", "value")
    return TableRow(line, cells)


def _unreadable(path: str, error: Exception) -> JsobjError:
    return JsobjError(
        "catalog-table-unreadable",
        f"cannot read the table {path}",
        code=ExitCode.LOCAL,
        context=getattr(error, "strerror", None) or str(error),
        hint="check the path, and the encoding: --encoding",
    )
