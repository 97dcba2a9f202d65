"""Members as objects: what is given out of one is its own, and they end as their archive's store does."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from held_archive import HeldStore

from jsobj.net.body import BytesSink
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


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_range_ends_with_its_member(method: int) -> None:
    """Behind it in the archive lies the next one."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("a", b"12")
        archive.writestr("b", b"next")
    members = HeldStore(data.getvalue()).members
    for start, wanted in ((0, b"12"), (1, b"2"), (2, b""), (9, b"")):
        sink = BytesSink()
        assert members.get("a.zip!/a", sink, start=start, size=4).size == len(wanted)
        assert bytes(sink.data) == wanted


def test_ended_with_its_store() -> None:
    """Which may have connections to more than one server."""
    store: Any = Ending(b"")
    members = MemberStore(Archive(store, store.info))
    members.cut([1, 2])
    members.stop()
    members.close()
    assert store.asked == [(1, 1), (2, 2), (0, 0), (-1, -1)]
