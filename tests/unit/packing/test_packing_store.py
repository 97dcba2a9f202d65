"""Members as objects: what is given out of one is its own."""

from __future__ import annotations

import io
import zipfile

import pytest
from held_archive import HeldStore

from jsobj.net.body import BytesSink


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
