"""Files that the target has under another name: they are copied there, instead of being sent once more.

Only objects without a source come into question, as a renamed file leaves one. A source is read for it only where such
an object has its size. Metadata of a Zarr are sent, since they come last.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace

from jsobj.errors import JsobjError
from jsobj.parallel_map import parallel_map
from jsobj.store.etag import is_md5
from jsobj.store.objects import Store
from jsobj.transfer.compare import compare, md5_of
from jsobj.transfer.local.local_file import content_type, opened
from jsobj.transfer.sync.decision import COPY, RENAME, Decision
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.zarr.order import is_metadata

_MOST = 100_000  # objects that are remembered; a target with more of them is not like its source in other ways
_AT_ONCE = 8


class Orphans:
    """Objects of the target that the source does not have, by size."""

    def __init__(self) -> None:
        self._of_size: dict[int, list[Entry]] = {}
        self._count = 0

    def add(self, entry: Entry) -> None:
        """One more, as long as they are not too many."""
        if entry.size and entry.listed is not None and self._count < _MOST:
            self._of_size.setdefault(entry.size, []).append(entry)
            self._count += 1

    def __bool__(self) -> bool:
        return bool(self._of_size)

    def of_size(self, size: int) -> list[Entry]:
        """Those with so many bytes."""
        return self._of_size.get(size, [])


def with_renames(decisions: Iterable[Decision], orphans: Orphans, target: Store) -> Generator[Decision]:
    """The same in order, with ``rename`` for what is new and has the bytes of an orphan."""

    def looked(decision: Decision) -> Decision:
        if decision.action != COPY or decision.target is not None or decision.source is None:
            return decision
        if is_metadata(decision.name):
            return decision
        for orphan in orphans.of_size(decision.size):
            if content_type(orphan.name) == content_type(decision.name) and _has(target, orphan, decision.source):
                return replace(decision, action=RENAME, reason=f"the same as {orphan.name}", moved=orphan)
        return decision

    return parallel_map(looked, decisions, _AT_ONCE, stop=target.stop)


def _has(store: Store, orphan: Entry, source: Entry) -> bool:
    """Whether an object has the bytes of a source; an error in finding out is met again when the source is sent."""
    listed = orphan.object
    if source.file is None:
        return bool(listed.etag) and listed.etag == source.object.etag
    try:
        with opened(source.file) as descriptor:
            if is_md5(listed.etag) and md5_of(descriptor, 0, source.size) == listed.etag:
                return True
            if is_md5(listed.etag) and store.place.dialect == "s3":
                return False
            return bool(compare(store, store.head(listed.key), descriptor).same)
    except JsobjError:
        return False
