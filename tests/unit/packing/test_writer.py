"""Zips as they are written: what other tools read in them, and that they are the same each time."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

sys.path.insert(0, str(Path(__file__).parent))

from held_archive import HeldStore, files_of, written

from jsobj.errors import SourceChanged
from jsobj.packing import writer as module
from jsobj.packing.records import STORED, ZSTD
from jsobj.packing.writer import ArchiveWriter, Packed

NAMES = some.text(some.characters(codec="utf-8", exclude_characters="/\0\\:"), min_size=1, max_size=40).filter(
    lambda name: name not in {".", ".."} and len(name.encode()) < 200
)
BYTES = some.one_of(some.binary(max_size=300), some.integers(0, 5000).map(lambda size: b"ab" * size))


def read_by_python(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=some.dictionaries(NAMES, BYTES, max_size=6), small=some.booleans(), compress=some.sampled_from(["", "zstd"])
)
def test_any_files_come_back(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], small: bool, compress: str
) -> None:
    folder = tmp_path_factory.mktemp("files")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        if small:  # also small files are streamed then
            patch.setattr(module, "HELD", 10)
        writer = ArchiveWriter(files_of(folder), compress)
        data = written(writer)
        assert written(ArchiveWriter(files_of(folder), compress)) == data
    if not compress:
        assert read_by_python(data) == files
    archive = HeldStore(data).archive
    found = {member.name: b"".join(bytes(piece) for piece in archive.chunks(member)) for member in archive.below("")}
    assert found == files
    for member in writer.members:
        stored = data[member.offset : member.offset + member.stored]
        assert member.crc32 == zlib.crc32(files[member.name])
        assert member.method == ZSTD or stored == files[member.name]


def test_what_zstd_does_not_shrink_is_stored(tmp_path: Path) -> None:
    for name, data in {"a": os.urandom(5000), "b": b"b" * 5000, "c": b"c"}.items():
        (tmp_path / name).write_bytes(data)
    writer = ArchiveWriter(files_of(tmp_path), "zstd")
    written(writer)
    assert [member.method for member in writer.members] == [STORED, ZSTD, STORED]


def test_unzip_finds_no_fault(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, data in {"ü": b"umlaut", "empty": b"", "large": bytes(module.HELD + 1)}.items():
        (tmp_path / "in" / name).write_bytes(data)
    os.utime(tmp_path / "in/ü", (0, 1_234_567_890))
    (tmp_path / "z.zip").write_bytes(written(ArchiveWriter(files_of(tmp_path / "in"))))
    said = subprocess.run(["unzip", "-t", tmp_path / "z.zip"], capture_output=True, text=True, check=True).stdout
    assert "No errors" in said
    subprocess.run(["unzip", "-q", tmp_path / "z.zip", "-d", tmp_path / "out"], check=True)
    assert (tmp_path / "out/ü").stat().st_mtime == 1_234_567_890


def test_zip64_places_beyond_4_gib(tmp_path: Path) -> None:
    """As if 5 GiB came first: they are a hole in the file that Python reads."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/far").write_bytes(b"far away")
    writer = ArchiveWriter(files_of(tmp_path / "in"))
    writer.size = before = 5 << 30
    data = written(writer)
    with (tmp_path / "z.zip").open("wb") as file:
        file.truncate(before)
        file.seek(before)
        file.write(data)
    with zipfile.ZipFile(tmp_path / "z.zip") as archive:
        assert archive.read("far") == b"far away"
    subprocess.run(["unzip", "-tq", tmp_path / "z.zip"], check=True, capture_output=True)
    held = HeldStore(data, before=before)
    (member,) = held.archive.below("")
    assert member.offset == before
    assert b"".join(held.archive.chunks(member)) == b"far away"


def test_zip64_members_beyond_4_gib(tmp_path: Path) -> None:
    """Their headers, without their bytes."""
    (tmp_path / "big").write_bytes(b"")
    file = files_of(tmp_path)[0].file
    size = 5 << 30
    head = module._Head(Packed("big", file), STORED, 0o644, 7, size, size, 0, streamed=True)
    assert head.local()[18:26] == b"\xff" * 8
    assert len(head.descriptor()) == 24
    data = head.central()
    data += module._end(1, size, len(data))
    held = HeldStore(data, before=size)
    (member,) = held.archive.below("")
    assert (member.size, member.stored, member.crc32) == (size, size, 7)


def test_more_members_than_65535(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    file, count = files_of(tmp_path)[0].file, 65_600
    data = written(ArchiveWriter([Packed(f"{number:06}", file) for number in range(count)]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.namelist()) == count
    assert len(HeldStore(data).archive.directory.members) == count


@pytest.mark.parametrize("size", [100, module.HELD + 100])
def test_files_that_change(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(size))
    for change in (lambda: path.write_bytes(bytes(size + 1)), lambda: path.write_bytes(b"x" * size), path.unlink):
        files = files_of(tmp_path)
        change()
        with pytest.raises((SourceChanged, module_gone())):
            written(ArchiveWriter(files))
        path.write_bytes(bytes(size))


def test_a_large_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(module.HELD + 1))
    chunks = ArchiveWriter(files_of(tmp_path)).chunks()
    next(chunks)
    next(chunks)
    path.write_bytes(bytes(module.HELD + 1))
    with pytest.raises(SourceChanged):
        list(chunks)


def module_gone() -> type[Exception]:
    from jsobj.errors import SourceVanished

    return SourceVanished
