"""What an index is believed: nothing that its archive cannot have, and no memory for more."""

from __future__ import annotations

import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import zstandard

sys.path.insert(0, str(Path(__file__).parent))

from held_archive import HeldStore, files_of, written

from jsobj.packing import archive, index
from jsobj.packing.writer import ArchiveWriter


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    archive._directories.clear()


@pytest.fixture(name="packed")
def _packed(tmp_path: Path) -> tuple[HeldStore, index.Index]:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(name.encode() * 100)
    writer = ArchiveWriter(files_of(tmp_path))
    held = HeldStore(written(writer))
    return held, index.Index(writer.size, held.etag, "", tuple(writer.members))


def listed(held: HeldStore, data: bytes) -> list[tuple[str, int, float | None]]:
    held.beside["a.zip.index"] = data
    return [(item.key, item.size, item.modified) for item in held.members.list("a.zip!/")]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((name, value) for name in ("offset", "stored", "size") for value in (-1, 2**63, 10**400)),
        *(("crc32", value) for value in (-1, 2**32)),
        *(("modified_ns", value) for value in (-(2**63) - 1, 2**63, 10**400)),
    ],
    ids=lambda value: str(value)[:12],
)
def test_numbers_that_no_member_has(packed: tuple[HeldStore, index.Index], column: str, value: int) -> None:
    """The members come by the central directory instead."""
    held, made = packed
    number: Any = {column: value}
    members = tuple(member._replace(**number) for member in made.members)
    data = index.written(index.Index(made.size, made.etag, "", members))
    with pytest.raises(ValueError):
        index.parsed(data, made.size, made.etag)
    assert [key for key, *_ in listed(held, data)] == ["a.zip!/one", "a.zip!/two"]
    assert held.asked


def test_times_before_1970(packed: tuple[HeldStore, index.Index]) -> None:
    _, made = packed
    old = index.Index(made.size, made.etag, "", tuple(each._replace(modified_ns=-(10**18)) for each in made.members))
    assert index.parsed(index.written(old), made.size, made.etag) == old


def bomb(made: index.Index, members: int, *columns: bytes, header: bytes = b"") -> bytes:
    """An index that is small, and large when it is unpacked: its last column, or its header, without an end."""
    head: dict[str, Any] = json.loads(zstandard.decompress(index.written(made)).partition(b"\n")[0])
    head["members"] = members
    pressed = zstandard.ZstdCompressor().compressobj()
    data = pressed.compress(b"\n".join((header or json.dumps(head).encode(), *columns)))
    for _ in range(100):
        data += pressed.compress(b" " * 2**20)
    return data + pressed.flush()


@pytest.mark.parametrize("where", ["header", "names", "numbers", "members", "behind", "another"])
def test_an_index_that_is_large_when_it_is_unpacked(packed: tuple[HeldStore, index.Index], where: str) -> None:
    held, made = packed
    names, rest = b'["one","two"]', [b"[1,1]"] * 7
    etag = "another" if where == "another" else made.etag
    data = {
        "header": lambda: bomb(made, 2, header=b"{"),
        "names": lambda: bomb(made, 2, b"["),
        "numbers": lambda: bomb(made, 2, names, b"["),
        "members": lambda: bomb(made, 10**9, b"["),
        "behind": lambda: bomb(made, 2, names, *rest, b""),
        "another": lambda: bomb(index.Index(made.size, etag, "", made.members), 2, b"["),
    }[where]()
    assert len(data) < 20_000
    tracemalloc.start()
    with pytest.raises(ValueError):
        index.parsed(data, made.size, made.etag)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4_000_000
    assert len(listed(held, data)) == 2


def test_many_small_values_in_a_column(packed: tuple[HeldStore, index.Index]) -> None:
    _, made = packed
    with pytest.raises(ValueError, match="lengths"):
        index.parsed(bomb(made, 2, b'["one","two"]', b"[1,1,1]\n"), made.size, made.etag)


def test_names_that_are_long_in_json(tmp_path: Path) -> None:
    """Where every byte of a name takes two, the index holds still."""
    for letter in '"\\':
        (tmp_path / (letter * 200)).write_bytes(b"")
    writer = ArchiveWriter(files_of(tmp_path))
    held = HeldStore(written(writer))
    made = index.Index(writer.size, held.etag, "", tuple(writer.members))
    data = index.written(made)
    assert index.parsed(data, made.size, made.etag) == made
    assert len(data) <= index.most(made.size)
