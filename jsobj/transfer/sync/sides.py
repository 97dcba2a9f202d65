"""The two sides of a sync: a local folder, or what a bucket has below a prefix.

Both give what they have as a stream, in the order of the names' bytes, so that two sides of any size can be merged.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Protocol

from jsobj.parallel_map import parallel_map
from jsobj.store.foreign.headed import as_listed
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import Listed
from jsobj.transfer.filters import Filters
from jsobj.transfer.local.key_path import Clashes, PathRefusal, key_for, path_for
from jsobj.transfer.local.scan import Passed, named, walk
from jsobj.transfer.sync.entry import Entry

_AT_ONCE = 16
_FEW = 500  # names that are asked for one by one; for more the whole side is listed

Found = Entry | Passed


def in_order(name: str) -> bytes:
    """By what names are ordered."""
    return name.encode("utf-8", "surrogateescape")


class Side(Protocol):
    """What a sync reads, or makes like the other one."""

    def entries(self, filters: Filters) -> Iterator[Found]:
        """All that is there, and what is passed over, in order. Raises :class:`JsobjError`."""
        ...

    def now(self, names: Iterable[str]) -> Iterator[tuple[str, Entry | None]]:
        """What is there now under some names, which come in order; None for nothing."""
        ...

    def fits(self, entry: Entry) -> PathRefusal | None:
        """Why it cannot be here under its name; called in order, once for each."""
        ...

    def place(self, name: str) -> str:
        """The path that opens a file, or an object's key. Raises :class:`ValueError` for what leads out of the side."""
        ...

    def shown(self, name: str) -> str:
        """A path or URL for messages."""
        ...


@dataclass(slots=True)
class FolderSide:
    """A local folder. ``follow``: symbolic links in it are followed; ``folds``: as for :class:`Clashes`."""

    root: str
    follow: bool = False
    folds: Callable[[], bool] = lambda: False
    _clashes: Clashes = field(init=False)

    def __post_init__(self) -> None:
        self._clashes = Clashes(self.folds)

    def entries(self, filters: Filters) -> Iterator[Found]:
        """See :class:`Side`. A folder that is not there has nothing; one that cannot be read is an error."""
        if not os.path.lexists(self.root):
            return
        for found in walk([self._below], filters=filters, follow_symlinks=self.follow):
            if isinstance(found, Passed) and found.error is not None and not found.relative:
                words = f"ls -ld {shlex.quote(self.root)}"
                raise found.error.reworded(f"cannot read {self.root}", context=found.reason, hint=words)
            yield found if isinstance(found, Passed) else Entry.of_file(found)

    def now(self, names: Iterable[str]) -> Iterator[tuple[str, Entry | None]]:
        """See :class:`Side`."""
        for name in names:
            (found,) = named(self._below, (name,), filters=Filters(), follow_symlinks=self.follow)
            yield name, None if isinstance(found, Passed) else Entry.of_file(found)

    def fits(self, entry: Entry) -> PathRefusal | None:
        """See :class:`Side`."""
        path = path_for(entry.name, size=entry.size)
        if isinstance(path, PathRefusal):
            return path
        reason = self._clashes.judge(path)
        return PathRefusal(reason) if reason else None

    def place(self, name: str) -> str:
        """See :class:`Side`. A plan may have been edited."""
        if not name or "\0" in name or {"", ".", ".."} & set(name.split("/")):
            raise ValueError("not a name")
        return os.path.join(self._below, name)

    def shown(self, name: str) -> str:
        """See :class:`Side`."""
        return os.path.join(self.root, name)

    @property
    def _below(self) -> str:
        return self.root if self.root.endswith("/") else f"{self.root}/"


@dataclass(frozen=True, slots=True)
class BucketSide:
    """What a bucket has below ``prefix``, which is empty or ends in a slash.

    ``spared``: whether an object is none of the data, as its metadata say, and stays whatever the other side has.
    """

    store: Store
    prefix: str
    spared: Callable[[Listed], bool] = lambda listed: False

    def entries(self, filters: Filters) -> Iterator[Found]:
        """See :class:`Side`."""
        for listed in self.store.list(self.prefix):
            entry = Entry.of_object(listed, self.prefix)
            if reason := filters.judge(entry.name):
                yield Passed(self.shown(entry.name), reason, relative=entry.name, kind="filter")
            else:
                yield entry

    def now(self, names: Iterable[str]) -> Iterator[tuple[str, Entry | None]]:
        """See :class:`Side`. Few are asked for one by one, many by a listing of all."""
        rest = iter(names)
        first = list(islice(rest, _FEW + 1))
        if len(first) <= _FEW:
            with closing(parallel_map(self._one, first, _AT_ONCE, stop=self.store.stop)) as found:
                yield from found
            return
        listing = iter(self.store.list(self.prefix))
        ahead = next(listing, None)
        for name in chain(first, rest):
            key = self.prefix + name
            while ahead is not None and in_order(ahead.key) < in_order(key):
                ahead = next(listing, None)
            there = ahead is not None and ahead.key == key
            yield name, Entry.of_object(ahead, self.prefix) if there and ahead is not None else None

    def _one(self, name: str) -> tuple[str, Entry | None]:
        info = head_or_none(self.store, self.prefix + name)
        if info is None:
            return name, None
        return name, Entry.of_object(as_listed(info), self.prefix)

    def fits(self, entry: Entry) -> PathRefusal | None:
        """See :class:`Side`."""
        key = key_for(self.prefix + entry.name)
        return key if isinstance(key, PathRefusal) else None

    def place(self, name: str) -> str:
        """See :class:`Side`."""
        return self.prefix + name

    def shown(self, name: str) -> str:
        """See :class:`Side`."""
        return self.store.place.url(self.prefix + name)
