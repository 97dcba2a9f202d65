"""The members of an archive end as its own store does, which may have connections to more than one server."""

from __future__ import annotations

from typing import Any

from held_archive import HeldStore

from jsobj.packing.archive import Archive
from jsobj.packing.store import MemberStore


class Ending(HeldStore):
    """Writes down how it is ended."""

    def stop(self) -> None:
        self.asked.append((0, 0))

    def cut(self, threads: Any) -> None:
        self.asked += [(thread, thread) for thread in threads]

    def close(self) -> None:
        self.asked.append((-1, -1))


def test_ended_with_its_store() -> None:
    store: Any = Ending(b"")
    members = MemberStore(Archive(store, store.info))
    members.cut([1, 2])
    members.stop()
    members.close()
    assert store.asked == [(1, 1), (2, 2), (0, 0), (-1, -1)]
