"""What ``jsobj publish`` put beside data that were copied to a web server: the list of the data, with digests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from jsobj.errors import ExitCode, JsobjError

MARK = b'<meta name="generator" content="jsobj'
HEAD = 4096  # bytes of a page in which the mark is
MANIFEST = "MANIFEST.sha256"
_LINE = re.compile(r"(\\?)([0-9a-f]{64})  (.+)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r"}


def lines_of(lines: Iterable[bytes], url: str) -> Iterator[tuple[str, str]]:
    """Name and SHA-256 of each line of the list at ``url``.

    Raises :class:`JsobjError`: local for what is no such line; refused for a name that leads out of the folder.
    """
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line.decode("utf-8", "surrogateescape"))
        if found is None:
            raise JsobjError(
                "manifest-line",
                f"{url}, line {number}: not a digest and a name",
                code=ExitCode.LOCAL,
                hint="it is no list that jsobj publish made: ask whoever put it there",
            )
        name = found[3]
        if found[1]:
            name = _ESCAPED.sub(lambda each: _MEANT.get(each[1], each[1]), name)
        name = name.removeprefix("./")
        if name.startswith("/") or ".." in name.split("/") or "\0" in name:
            raise JsobjError(
                "manifest-path",
                f"{url}, line {number}: the name leads out of the folder, so nothing in this list is trusted",
                code=ExitCode.REFUSED,
                hint="ask whoever made the list; names in it are relative to the folder that it is about",
            )
        yield name, found[2]
