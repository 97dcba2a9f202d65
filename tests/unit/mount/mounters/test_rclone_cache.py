"""What is mended in rclone's cache after a kill, and what is called unclear."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jsobj.errors import JsobjError
from jsobj.mount.mounters import rclone_cache

BLOCK = 4096
MIB = 1 << 20

Ranges = tuple[tuple[int, int], ...]


class Cache:
    def __init__(self, folder: Path) -> None:
        self.known, self.data = folder / "known", folder / "data"
        self.known.mkdir()
        self.data.mkdir()

    def put(self, size: int, then: int, *parts: tuple[int, int], present: Ranges, fingerprint: str = "old") -> None:
        """A file with bytes ``present``, of which rclone wrote down ``parts`` when its size was ``then``."""
        with (self.data / "a").open("wb") as stream:
            stream.truncate(size)
            for begin, end in present:
                stream.seek(begin)
                stream.write(b"x" * (end - begin))
        ranges = [{"Pos": begin, "Size": end - begin} for begin, end in parts] or None
        about = {"ModTime": "m", "ATime": "a", "Size": then, "Rs": ranges, "Fingerprint": fingerprint, "Dirty": True}
        (self.known / "a").write_text(json.dumps(about))

    def mended(self) -> tuple[int, list[tuple[int, int]]]:
        rclone_cache.mend(self.known, self.data)
        about = json.loads((self.known / "a").read_text())
        assert about["Fingerprint"] == "old"
        assert about["Dirty"]
        return about["Size"], [(each["Pos"], each["Pos"] + each["Size"]) for each in about["Rs"] or ()]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def test_a_file_written_anew_is_whole(cache: Cache) -> None:
    """Its old bytes would be fetched from the store over the new ones."""
    cache.put(70_000, 0, present=((0, 70_000),))
    assert cache.mended() == (70_000, [(0, 70_000)])
    cache.put(MIB, 0, present=((MIB - 1, MIB),))  # with a hole that reads as zeros
    assert cache.mended() == (MIB, [(0, MIB)])


def test_what_was_appended_is_there_and_the_rest_is_fetched(cache: Cache) -> None:
    cache.put(MIB + 100, MIB, present=((MIB, MIB + 100),))
    assert cache.mended() == (MIB + 100, [(MIB, MIB + 100)])
    cache.put(MIB + 150, MIB + 50, present=((MIB + 50, MIB + 150),))
    assert cache.mended() == (MIB + 150, [(MIB + 50, MIB + 150)])
    cache.put(MIB + 100, MIB, (0, MIB), present=((0, MIB + 100),))
    assert cache.mended() == (MIB + 100, [(0, MIB + 100)])


def test_what_was_closed_stays_as_it_is(cache: Cache) -> None:
    cache.put(MIB, MIB, (0, MIB), present=((0, MIB),))
    assert cache.mended() == (MIB, [(0, MIB)])
    cache.put(0, 0, present=())
    assert cache.mended() == (0, [])


def test_shortened_without_being_read_is_unclear(cache: Cache) -> None:
    cache.put(MIB, MIB, present=(), fingerprint=f"{2 * MIB},2026-01-01")
    with pytest.raises(JsobjError, match="not known what of"):
        rclone_cache.mend(cache.known, cache.data)
    cache.put(MIB, MIB, (0, MIB), present=(), fingerprint=f"{2 * MIB},2026-01-01")
    rclone_cache.mend(cache.known, cache.data)


@pytest.mark.parametrize("parts", [((0, BLOCK),), ((0, 100),), ((2 * MIB, 3 * MIB),)])
def test_bytes_of_which_nothing_is_written_down_are_unclear(cache: Cache, parts: tuple[tuple[int, int], ...]) -> None:
    cache.put(3 * MIB + 10, 3 * MIB + 5, *parts, present=((0, 100), (MIB, MIB + BLOCK), (3 * MIB + 1, 3 * MIB + 10)))
    before = (cache.known / "a").read_text()
    with pytest.raises(JsobjError, match="not known what of"):
        rclone_cache.mend(cache.known, cache.data)
    assert (cache.known / "a").read_text() == before


def test_one_whose_bytes_are_gone_is_left_to_rclone(cache: Cache) -> None:
    cache.put(10, 0, present=())
    (cache.data / "a").unlink()
    before = (cache.known / "a").read_text()
    rclone_cache.mend(cache.known, cache.data)
    assert (cache.known / "a").read_text() == before
    assert not (cache.data / "a").exists()
