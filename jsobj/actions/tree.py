"""A listing as a tree: the folders above each object, and which names are the last of their folders."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from jsobj.store.location import first_of
from jsobj.store.selection import Selection
from jsobj.store.values import Listed

_AHEAD = 1000  # names that are held, as many as a page of a listing has
_BEHIND = "\U0010ffff"  # comes behind every name of a folder


@dataclass(frozen=True, slots=True)
class Node:
    """One name. ``last``: for each folder above it, and then for itself, whether nothing more comes beside it."""

    item: Listed
    name: str
    last: tuple[bool, ...]


def walk(chosen: Selection, depth: int = 0) -> Iterator[Node]:
    """Folders and objects, each folder before what is in it; nothing below ``depth`` levels, 0 for all.

    They are those of a listing in its order, of which a page is held: whether more comes behind a folder that is
    larger is asked for. An empty object whose name is that of a folder is that folder.
    """
    ahead = _Ahead(chosen)
    above: list[str] = []
    last: list[bool] = []
    while (item := ahead.first()) is not None:
        while above and not item.key.startswith(above[-1]):
            above.pop()
            last.pop()
        parent = above[-1] if above else chosen.root
        slash = item.key.find("/", len(parent))
        if slash < 0:
            ahead.drop()
            if item.key != parent or item.size:
                yield Node(item, item.key[len(parent) :] or "./", (*last, not ahead.more_in(parent)))
            continue
        folder = item.key[: slash + 1]
        ends = not ahead.more_behind(folder, parent)
        yield Node(Listed(folder, prefix=True), folder[len(parent) :], (*last, ends))
        if len(above) + 1 == depth:
            ahead.skip(folder)
        else:
            above.append(folder)
            last.append(ends)


class _Ahead:
    """The names that come next."""

    def __init__(self, chosen: Selection) -> None:
        self._chosen = chosen
        self._listing = chosen.everything()
        self._held: deque[Listed] = deque()

    def first(self) -> Listed | None:
        self._held.extend(islice(self._listing, _AHEAD - len(self._held)))
        return self._held[0] if self._held else None

    def drop(self) -> None:
        self._held.popleft()

    def more_in(self, folder: str) -> bool:
        first = self.first()
        return first is not None and first.key.startswith(folder)

    def more_behind(self, folder: str, parent: str) -> bool:
        """Whether ``parent`` has more than ``folder``, whose names come next."""
        behind = next((item for item in self._held if not item.key.startswith(folder)), None)
        if behind is None and len(self._held) == _AHEAD:
            behind = first_of(self._chosen.everything(after=folder + _BEHIND))
        return behind is not None and behind.key.startswith(parent)

    def skip(self, folder: str) -> None:
        """Leave out what is in a folder, without listing it where that is much."""
        if len(self._held) == _AHEAD and self._held[-1].key.startswith(folder):
            self._held.clear()
            self._listing = self._chosen.everything(after=folder + _BEHIND)
        while self.more_in(folder):
            self.drop()
