"""Central directories, whole and not: an error in words, or members of which none gives out a wrong byte."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

sys.path.insert(0, str(Path(__file__).parent))

from held_archive import HeldStore

from jsobj.errors import JsobjError
from jsobj.packing.central import without_overlaps
from jsobj.packing.records import Member

FILES = {"a": b"stored", "b/c": b"deflated " * 100, "b/d\u00e9": b"x" * 3000, "z": b""}


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number, (name, data) in enumerate(FILES.items()):
            archive.writestr(name, data, zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED)
    return target.getvalue()


GOOD = zipped()
DIRECTORY = GOOD.find(b"PK\1\2")


def read(data: bytes) -> dict[str, bytes]:
    """What comes out of it; each member that is refused is left out."""
    archive, found = HeldStore(data).archive, {}
    for member in archive.below(""):
        if member.fault:
            continue
        try:
            found[member.name] = b"".join(map(bytes, archive.chunks(member)))
        except JsobjError:
            continue
    return found


def test_as_it_was_written() -> None:
    assert read(GOOD) == FILES


@settings(max_examples=300, deadline=None)
@given(at=some.integers(0, len(GOOD) - 1), value=some.integers(0, 255), cut=some.integers(0, 40))
def test_any_byte_may_be_another(at: int, value: int, cut: int) -> None:
    """And the end may be missing. What comes out under a name of ours is what was put in, or nothing."""
    data = bytearray(GOOD)
    data[at] = value
    whole = bytes(data[: len(data) - cut // 10])
    found, said = {}, "archive-damaged"
    try:
        found = read(whole)
    except JsobjError as error:
        said = error.reference
    assert said == "archive-damaged"
    contents = set(FILES.values())
    assert all(content in contents for content in found.values())


@settings(max_examples=200, deadline=None)
@given(data=some.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(JsobjError, match="cannot be read as a zip"):
        HeldStore(data + b"PK\5\6" + data[:30]).archive.directory  # noqa: B018 - read here


def test_forced_zip64_and_a_comment_of_a_member() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        with archive.open("large", "w", force_zip64=True) as file:
            file.write(b"not large")
        info = zipfile.ZipInfo("said")
        info.comment = b"PK\1\2 a comment"
        archive.writestr(info, b"2")
    assert read(target.getvalue()) == {"large": b"not large", "said": b"2"}


@pytest.mark.parametrize("system", [3, 19])
def test_symbolic_links_of_unix_and_os_x(system: int) -> None:
    target, info = io.BytesIO(), zipfile.ZipInfo("link")
    info.create_system, info.external_attr = system, 0o120777 << 16
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(info, b"target")
    assert [member.fault for member in HeldStore(target.getvalue()).archive.below("")] == ["it is a symbolic link"]


def test_names_of_old_tools() -> None:
    """Without the flag for UTF-8: what is no UTF-8 is code page 437."""
    data = GOOD.replace("d\u00e9".encode(), b"d\x82x")
    flags = data.rfind(b"PK\1\2", 0, data.rfind(b"d\x82x")) + 8
    data = data[:flags] + b"\0\0" + data[flags + 2 :]
    assert "b/d\u00e9x" in read(data)


@given(
    members=some.lists(some.tuples(some.integers(0, 50), some.integers(0, 20)), max_size=8), end=some.integers(0, 60)
)
def test_members_that_share_bytes_have_a_fault(members: list[tuple[int, int]], end: int) -> None:
    """And those that share none have none."""
    made = [Member(f"{n}", at, True, size, size, 0, 0) for n, (at, size) in enumerate(members)]
    judged = {member.name: bool(member.fault) for member in without_overlaps(list(made), end)}
    for one in made:
        mine = set(range(one.offset, one.offset + one.stored))
        others = [set(range(other.offset, other.offset + other.stored)) for other in made if other is not one]
        if not judged[one.name]:
            assert one.offset + one.stored <= end
            assert all(not mine & other for other in others)
