"""Members by name and by bytes: how many requests they take, and what an index is believed."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

sys.path.insert(0, str(Path(__file__).parent))

from held_archive import HeldStore, files_of, written

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink
from jsobj.packing import archive as module
from jsobj.packing import index
from jsobj.packing.open import members_of
from jsobj.packing.plan import plan_archive
from jsobj.packing.writer import ArchiveWriter
from jsobj.transfer.filters import EVERYTHING
from jsobj.transfer.local.scan import walk

FILES = {f"d{number // 10}/{number:03}": bytes([number]) * 1000 for number in range(100)}


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    module._directories.clear()


@pytest.fixture(name="packed")
def _packed(tmp_path: Path) -> tuple[HeldStore, index.Index]:
    """With its index beside it."""
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    writer = ArchiveWriter(files_of(tmp_path))
    held = HeldStore(written(writer))
    made = index.Index(writer.size, held.etag, "", tuple(writer.members))
    held.beside["a.zip.index"] = index.written(made)
    return held, made


def test_an_index_says_what_was_written(packed: tuple[HeldStore, index.Index]) -> None:
    held, made = packed
    assert index.parsed(held.beside["a.zip.index"], made.size, made.etag) == made
    for wrong in (b"", b"{}", held.beside["a.zip.index"][:-9], index.written(made)[:50]):
        with pytest.raises(ValueError):
            index.parsed(wrong, made.size, made.etag)


def test_no_times(tmp_path: Path) -> None:
    """Neither the archive nor its index tells one, and both are the same at any time."""
    (tmp_path / "file").write_bytes(b"1")
    writer = ArchiveWriter(files_of(tmp_path), times=False)
    held = HeldStore(written(writer))
    made = index.Index(writer.size, held.etag, "", tuple(writer.members))
    assert index.parsed(index.written(made), made.size, made.etag) == made
    assert [member.modified_ns for member in (*made.members, *held.archive.below(""))] == [None, None]
    (tmp_path / "file").write_bytes(b"1")
    assert written(ArchiveWriter(files_of(tmp_path), times=False)) == held.data


def test_one_range_for_a_member(packed: tuple[HeldStore, index.Index]) -> None:
    held, made = packed
    store, sink = held.members, BytesSink()
    store.get("a.zip!/d3/035", sink)
    assert sink.data == FILES["d3/035"]
    assert held.asked == [(made.members[35].offset, 1000)]
    store.get("a.zip!/d3/035", sink, start=10, size=5)
    assert held.asked[1:] == [(made.members[35].offset + 10, 5)]


def test_without_an_index_the_directory_and_one_range(packed: tuple[HeldStore, index.Index]) -> None:
    held, made = packed
    held.beside.clear()
    sink = BytesSink()
    held.members.get("a.zip!/d3/035", sink)
    assert sink.data == FILES["d3/035"]
    assert len(held.asked) == 2
    assert held.asked[1][0] < made.members[35].offset
    held.members.get("a.zip!/d3/036", sink)  # the directory is known by now
    assert len(held.asked) == 3


def test_another_etag_is_another_directory(packed: tuple[HeldStore, index.Index]) -> None:
    held, _ = packed
    held.etag = '"two"'
    held.members.head("a.zip!/d3/035")
    assert held.asked[0][0] + held.asked[0][1] == len(held.data)


def test_many_members_come_together(packed: tuple[HeldStore, index.Index]) -> None:
    held, _ = packed
    for indexed in (True, False):
        if not indexed:
            held.beside.clear()
            module._directories.clear()
        held.asked.clear()
        archive = held.archive
        archive.gather(lambda name: True)
        assert archive.bulk
        found = {member.name: b"".join(map(bytes, archive.chunks(member))) for member in archive.below("")}
        assert found == FILES
        assert len(held.asked) == (1 if indexed else 2)


def test_few_of_many_are_fetched_one_by_one(
    packed: tuple[HeldStore, index.Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, _ = packed
    monkeypatch.setattr(module, "AT_ONCE", 20_000)
    archive = held.archive
    archive.gather(lambda name: name.endswith("5"))
    assert not archive.bulk
    archive.gather(lambda name: name.startswith("d5/"))
    assert archive.bulk


def test_members_in_an_order_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetching them together by name would fetch the archive again and again."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name in sorted(FILES, key=lambda name: name[-1]):
            made.writestr(name, FILES[name])
    monkeypatch.setattr(module, "AT_ONCE", 4000)
    archive = HeldStore(target.getvalue()).archive
    archive.gather(lambda name: True)
    assert not archive.bulk


def test_a_listing_is_that_of_objects(packed: tuple[HeldStore, index.Index]) -> None:
    store = packed[0].members
    assert [item.key for item in store.list("a.zip!/d3/", delimiter="/")] == [f"a.zip!/d3/03{n}" for n in range(10)]
    assert [item.key for item in store.list("a.zip!/", delimiter="/")] == [f"a.zip!/d{n}/" for n in range(10)]
    assert [item.key for item in store.list("a.zip", delimiter="/")] == ["a.zip!/"]
    assert [item.key for item in store.list("a.zip!/", after="a.zip!/d9/097")] == ["a.zip!/d9/098", "a.zip!/d9/099"]
    assert list(store.list("b")) == list(store.list("a.zip!/no")) == []


def test_what_may_not_be_listed_is_absent(packed: tuple[HeldStore, index.Index]) -> None:
    """Public data without a listing: servers answer 403 for what is not there."""
    held, _ = packed
    held.beside.clear()
    held.absent = JsobjError("store-refused", "no", code=ExitCode.REFUSED)
    sink = BytesSink()
    held.members.get("a.zip!/d3/035", sink)
    assert sink.data == FILES["d3/035"]
    store: Any = held
    assert members_of(store, "none.zip") is store


def test_an_index_without_an_end_is_none(
    packed: tuple[HeldStore, index.Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever has its name, no more of it is held than an index may have."""
    held, _ = packed
    monkeypatch.setattr(index, "MOST", 100)
    monkeypatch.delattr(index, "parsed")
    assert module.read_index(held.members.archive.store, held.info) is None
    assert len(list(held.members.list("a.zip!/"))) == len(FILES)


def test_what_was_read_last_is_of_one_version() -> None:
    """A compressed member that is read in ranges is kept, until the archive is another one."""

    def zipped(data: bytes) -> HeldStore:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("one", data)
        return HeldStore(target.getvalue())

    store = zipped(b"old" * 100).members
    for archive, wanted in ((store.archive, b"old"), (zipped(b"new" * 100).archive, b"new")):
        store.archive, sink = archive, BytesSink()
        store.get("a.zip!/one", sink, start=3, size=3)
        assert bytes(sink.data) == wanted


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    """Of a folder that is packed, and in an index that somebody else wrote: refused."""
    (tmp_path / "file").write_bytes(b"1")
    (found,) = walk([f"{tmp_path}/"], filters=EVERYTHING)
    (failed,) = plan_archive([("\udcff/", found)]).failed
    assert "not valid UTF-8" in str(failed.error)
    writer = ArchiveWriter(files_of(tmp_path))
    held = HeldStore(written(writer))
    text = zstandard.decompress(index.written(index.Index(writer.size, held.etag, "", tuple(writer.members))))
    held.beside["a.zip.index"] = zstandard.compress(text.replace(b'["file"]', b'["\\udcff"]'))
    assert [member.fault for member in held.archive.below("")] == ["its name is not valid UTF-8"]
