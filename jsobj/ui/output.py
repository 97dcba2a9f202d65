"""All output: results to stdout, messages to stderr.

``--json`` writes one document to stdout; else a terminal gets aligned text, wrapped at words, and a pipe one
tab-separated line per item without headings. Colour carries no meaning of its own; it follows NO_COLOR, FORCE_COLOR
and TERM=dumb, for each stream separately.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from jsobj.errors import JsobjError, OutputNotWritten
from jsobj.ui.documents import Listing, Record, Stream
from jsobj.ui.text import safe
from jsobj.ui.wrap import columns_of, wrapped, wrapped_value

_FLUSH_LINES = 500  # lines of a stream that are written at once,
_FLUSH_SECONDS = 0.1  # or those of this time
_CODES = {"red": "31", "yellow": "33", "dim": "2"}


class Output:
    """Writes to two text streams.

    ``stdout`` is used directly for a stream of events only, ``stderr`` for drawing only.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        *,
        as_json: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.as_json = as_json
        self.quiet = quiet
        self.verbose = verbose
        self._environ = env = environ or {}
        self.colour_out = _wants_colour(stdout, env)
        self.colour_err = _wants_colour(stderr, env)
        self._dumb_terminal = env.get("TERM", "") == "dumb"
        self._write_err: Callable[[str], None] | None = None
        self._held: list[str] = []
        self.complete_hint: Callable[[str], str] | None = None  # so that its commands mean the login of this one

    @property
    def can_draw(self) -> bool:
        """Whether stderr is a terminal on which lines can be redrawn."""
        return self.stderr.isatty() and not self._dumb_terminal

    @property
    def on_terminal(self) -> bool:
        """Whether stdout is a terminal."""
        return self.stdout.isatty()

    @property
    def columns(self) -> int:
        """Those of the terminal that stdout is; 0 for anything else."""
        return columns_of(self.stdout, self._environ)

    def can_write(self, text: str) -> bool:
        """Whether the encoding of stdout has these letters."""
        try:
            text.encode(self.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            return False
        return True

    @property
    def cut(self) -> str:
        """What stands for a part that is left out."""
        return "…" if self.can_write("…") else "..."

    def write_bytes(self, data: bytes | bytearray | memoryview) -> None:
        """Write bytes of an object to stdout; all of them, also where stdout is unbuffered and writes are partial."""
        view = memoryview(data)
        with _written():
            while view:
                view = view[self.stdout.buffer.write(view) :]
            self.stdout.buffer.flush()

    @contextlib.contextmanager
    def diverted(self, write: Callable[[str], None]) -> Iterator[None]:
        """Meanwhile, pass messages (with their line end) to ``write``, which draws on stderr."""
        self._write_err = write
        try:
            yield
        finally:
            self._write_err = None

    def show(self, document: Record | Listing[Any]) -> None:
        """Write a command's result."""
        if self.as_json:
            self._write(_as_json(document))
        elif isinstance(document, Record):
            self._write_record(document)
        else:
            self._write_listing(document)

    def data(self, text: str) -> None:
        """Write text that is itself the result (a completion script, a help topic)."""
        self._write(text.removesuffix("\n"))

    def stream(self, document: Stream[Any]) -> int:
        """Write a list as it arrives, as one JSON document or a line per item; the number of items."""
        if not self.as_json:
            count = self._lines(map(document.as_line, document.items))
            if document.end is not None and (last := document.end()[1]):
                self._write(last)
            return count
        encode = json.JSONEncoder(ensure_ascii=True).encode
        texts = (encode(document.as_data(item)) for item in document.items)
        first = next(texts, "")  # before anything is written: an error for the first item leaves stdout empty
        self._write(f'{{"schema": {encode(document.schema)}, "items": [')
        count = self._lines(itertools.chain((first,), (f",{text}" for text in texts))) if first else 0
        more = document.end()[0] if document.end is not None else {}
        self._write("]" + "".join(f", {encode(name)}: {encode(value)}" for name, value in more.items()) + "}")
        return count

    def _lines(self, texts: Iterable[str]) -> int:
        count, last = 0, 0.0
        try:
            for count, text in enumerate(texts, start=1):  # noqa: B007 - counted here, used below
                self._held.append(text)
                if len(self._held) >= _FLUSH_LINES or time.monotonic() - last > _FLUSH_SECONDS:
                    self.flush_stream()
                    last = time.monotonic()
        except JsobjError:
            self.flush_stream()  # what was found before the error
            raise
        self.flush_stream()
        return count

    def flush_stream(self) -> None:
        """Write what a stream has held until now: before a message about what comes next in it."""
        held, self._held = self._held, []
        if held:
            self._write("\n".join(held))

    def note(self, text: str) -> None:
        """A message; not with --quiet."""
        if not self.quiet:
            self._message(text)

    def detail(self, text: str) -> None:
        """A message only with --verbose."""
        if self.verbose:
            self._message(text, style="dim")

    def warn(self, text: str) -> None:
        """A warning, also with --quiet."""
        self._message(text, label="Warning:", style="yellow")

    def error(self, error: JsobjError) -> None:
        """Write the one error that ends a command."""
        if self.as_json:
            self._message(json.dumps(error.to_json(), ensure_ascii=True), raw=True)
            return
        self._message(f"{safe(error.message)} [{error.reference}]", label="Error:", style="red")
        if error.context:
            self._message(f"  Seen: {safe(error.context)}")
        self._next(error)

    def for_login(self, error: JsobjError) -> JsobjError:
        """The error with a hint whose commands mean the login that was typed."""
        if self.complete_hint is None or not error.hint:
            return error
        return error.reworded(error.message, hint=tuple(map(self.complete_hint, error.hint_lines)))

    def failed(self, item: str, error: JsobjError, *, hint: bool = False) -> None:
        """One line about an item that failed while others continue; with ``hint`` one more with what to do."""
        begins = error.message.startswith((f"{item} ", f"{item}: ", f"'{item}' ")) or error.message.endswith(f" {item}")
        name, named, rest = error.message.partition(": ")
        rest = rest if named and item.endswith(f"/{name}") else error.message
        text = error.message if begins else f"{item}: {rest}"  # each item is named once
        self._message(f"{safe(text)} [{error.reference}]", label="Failed:", style="red")
        if hint:
            self._next(self.for_login(error))

    def _next(self, error: JsobjError) -> None:
        """What to do: a sentence or a list of lines."""
        if error.hint:
            self._message("  Next: " + "\n        ".join(map(safe, error.hint_lines)))

    def _message(self, text: str, *, raw: bool = False, label: str = "", style: str = "") -> None:
        """``style`` is the colour of the ``label`` in front, or of all. Only what is safe already is coloured."""
        columns = columns_of(self.stderr, self._environ)
        lines = [safe(line) for line in text.split("\n")]
        if label:
            lines[0] = f"{self._styled(label, style)} {lines[0]}"
        elif style:
            lines = [self._styled(line, style) for line in lines]
        shown = text if raw else "\n".join(wrapped(line, columns) for line in lines)
        shown += "\n"
        if self._write_err is not None:
            self._write_err(shown)
            return
        self.stderr.write(shown)
        self.stderr.flush()

    def _write(self, text: str) -> None:
        with _written():
            self.stdout.write(text + "\n")
            self.stdout.flush()

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour_err else text

    def _write_record(self, record: Record) -> None:
        if isinstance(record.lines, str):
            self.data(record.lines)
            return
        self._write(self.text_of(record.lines))

    def text_of(self, lines: Sequence[tuple[str, str]]) -> str:
        """The lines of a record, as they are shown."""
        width = max((len(label) for label, _ in lines), default=0)
        return "\n".join(wrapped_value(f"{label + ':':<{width + 1}}", value, self.columns) for label, value in lines)

    def _write_listing(self, listing: Listing[Any]) -> None:
        rows = [[safe(text) for text in listing.texts(item)] for item in listing.items]
        if not rows:
            self.note(listing.empty)
        elif self.stdout.isatty():
            self._write_table(listing.columns, rows, listing.narrow)
        else:
            self._write("\n".join(map("\t".join, rows)))

    def _write_table(self, headings: Iterable[str], rows: Iterable[Iterable[str]], narrow: Sequence[str]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        from jsobj.ui.fit import fitted

        console = Console(
            file=self.stdout, width=self.columns, no_color=not self.colour_out, highlight=False, soft_wrap=False
        )
        table = Table(box=None, pad_edge=False, header_style="bold" if self.colour_out else "")
        named = [dict(zip(headings, row, strict=True)) for row in rows]
        texts = [[*row.values()] for row in fitted(named, narrow, console.width, self.cut)]
        longest = max((len(row[0]) for row in texts), default=0)
        # Names are shown whole, to be copied, unless they would hide the rest.
        whole = console.width >= 60 and longest <= console.width // 2
        for position, heading in enumerate(headings):
            table.add_column(heading, overflow="fold", no_wrap=position == 0 and whole)
        for row in texts:
            table.add_row(*map(Text, row))
        with _written():
            console.print(table)


@contextlib.contextmanager
def _written() -> Iterator[None]:
    """Say of a failing write that it was to standard output."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise output_failed(error) from error


def output_failed(error: OSError) -> JsobjError:
    """The error for standard output that takes no more."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    words = "no space left" if full else (error.strerror or str(error)).lower()
    hint = "free some space, or write elsewhere" if full else ""
    return OutputNotWritten(f"standard output: {words}", hint=hint)


def _as_json(document: Record | Listing[Any]) -> str:
    data = document.data if isinstance(document, Record) else {"items": list(map(document.as_data, document.items))}
    # ASCII only: lone surrogates and hostile characters of names are escaped.
    return json.dumps({"schema": document.schema, **data}, ensure_ascii=True)


def _wants_colour(stream: TextIO, env: Mapping[str, str]) -> bool:
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR"):
        return True
    return stream.isatty() and env.get("TERM", "") != "dumb"
