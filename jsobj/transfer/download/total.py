"""The bytes of all that a download will look at, for its total: folders are listed side by side where there is much.

A listing waits for each page of 1000 names before it can ask for the next one; over a distance 100,000 names take
10 s. What is small, or has too many folders to ask for each, is listed in one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

from jsobj.store.objects import Store
from jsobj.store.values import Listed

_FEW = 5000  # names that are listed before anything is done side by side
_FOLDERS = 256  # at most; each costs a request, however little is in it
_AT_ONCE = 8


def sizes(
    store: Store, prefix: str, wanted: Callable[[str], bool], unneeded: Callable[[], bool] = lambda: False
) -> Iterator[int]:
    """The size of every object below ``prefix`` whose key is ``wanted``; ends early once it is ``unneeded``."""

    def below(item: Listed) -> list[int]:
        found: list[int] = []
        for each in store.list(item.key) if item.prefix else (item,):
            if unneeded():
                break
            if wanted(each.key):
                found.append(each.size)
        return found

    listing = store.list(prefix)
    first = list(islice(listing, _FEW))
    if len(first) == _FEW:
        top = list(islice(store.list(prefix, delimiter="/"), _FOLDERS + 1))
        if sum(item.prefix for item in top) > 1 and len(top) <= _FOLDERS:
            from jsobj.parallel_map import parallel_map  # its thread pool loads slowly

            yield from chain.from_iterable(parallel_map(below, top, _AT_ONCE))
            return
    yield from (item.size for item in chain(first, listing) if wanted(item.key))
