"""The items of a listing in another order than that of their names, without holding them in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import Listed

# As ls(1) sorts: the largest and the newest first. Folders, which have neither size nor time, come after them.
_SORTED = {
    "name": ("SELECT * FROM item ORDER BY key", "SELECT * FROM item ORDER BY key DESC"),
    "key": ("SELECT * FROM item ORDER BY key", "SELECT * FROM item ORDER BY key DESC"),
    "size": (
        "SELECT * FROM item ORDER BY prefix, size DESC, key",
        "SELECT * FROM item ORDER BY prefix DESC, size, key DESC",
    ),
    "time": (
        "SELECT * FROM item ORDER BY prefix, time DESC, key",
        "SELECT * FROM item ORDER BY prefix DESC, time, key DESC",
    ),
}


def in_order(items: Iterator[Listed], by: str, *, reverse: bool = False) -> Iterator[Listed]:
    """``items``, which come by name, in the order ``by``, ``name``, ``size`` or ``time``; ``key`` if they do not.

    By ``name`` they are passed on as they come. Else all are read first, into a nameless temporary file that keeps some
    megabytes in memory. Raises :class:`JsobjError` (local) where that cannot be written.
    """
    if by == "name" and not reverse:
        yield from items
        return
    with closing(sqlite3.connect("")) as base:
        try:
            base.execute("CREATE TABLE item (key BLOB, size INTEGER, etag TEXT, time REAL, prefix INTEGER, md5 TEXT)")
            rows = ((_bytes(i.key), i.size, i.etag, i.modified, i.prefix, i.md5) for i in items)
            base.executemany("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?)", rows)
            for key, size, etag, time, prefix, md5 in base.execute(_SORTED[by][reverse]):
                yield Listed(key.decode("utf-8", "surrogatepass"), size, etag, time, bool(prefix), md5)
        except sqlite3.Error as error:
            message = f"the listing cannot be sorted: {error}"
            hint = "free some space in the folder for temporary files, or name another one with TMPDIR"
            raise JsobjError("sort-failed", message, code=ExitCode.LOCAL, hint=hint) from error


def _bytes(key: str) -> bytes:
    """As bytes, keys are sorted as servers sort them."""
    return key.encode("utf-8", "surrogatepass")
