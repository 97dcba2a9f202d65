"""Whether an ``index.html`` or ``search.html`` is a page that jsobj published: its head says what made it."""

from __future__ import annotations

from pathlib import Path

from jsobj.errors import JsobjError
from jsobj.net.body import BytesSink
from jsobj.store.foreign.web.published import HEAD, MARK
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.transfer.local.key_path import FINDER, PAGE

_NAMES = (PAGE, FINDER)


def is_page(store: Store, key: str) -> bool:
    """Whether the object ``key`` is such a page; not where it cannot be read."""
    if key.rpartition("/")[2] not in _NAMES:
        return False
    sink = BytesSink()
    try:
        info = head_or_none(store, key)
        if info is not None:
            store.get(key, sink, start=0, size=min(HEAD, info.size))
    except JsobjError:
        return False
    return MARK in sink.data


def is_page_file(path: str) -> bool:
    """The same of a local file."""
    if path.rpartition("/")[2] not in _NAMES:
        return False
    try:
        with Path(path).open("rb") as file:
            return MARK in file.read(HEAD)
    except OSError:
        return False
