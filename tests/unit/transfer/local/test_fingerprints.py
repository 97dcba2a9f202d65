"""The cache of digests: right or silent, whatever happens to its file."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest

from jsobj.transfer.filters import Filters
from jsobj.transfer.local.fingerprints import Fingerprints
from jsobj.transfer.local.scan import LocalFile, walk
from jsobj.transfer.local.stamps import now_ns, step, ticks

PLACE = "https://cloud s3://bucket/p/"
OLD = 1_600_000_000 * 10**9


def file(relative: str = "d/f", **other: int) -> LocalFile:
    values = {"size": 3, "mtime_ns": OLD, "inode": 7, "changed_ns": OLD, **other}
    return LocalFile(f"/data/{relative}", relative, **values)


def filled(path: Path, count: int = 1) -> None:
    prints = Fingerprints(path)
    for number in range(count):
        name = f"d/f{number:05}"
        prints.remember(file(name), PLACE + name, f"etag{number}")
    prints.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "fingerprints.db"


def test_what_was_remembered_is_known_in_this_run_and_the_next(path: Path) -> None:
    prints = Fingerprints(path)
    assert prints.known(file(), PLACE + "d/f") == ""
    prints.remember(file(), PLACE + "d/f", "etag")
    assert prints.known(file(), PLACE + "d/f") == "etag"
    prints.close()
    again = Fingerprints(path)
    assert again.known(file(), PLACE + "d/f") == "etag"
    again.remember(file(), PLACE + "d/f", "newer")
    again.close()
    last = Fingerprints(path)
    assert last.known(file(), PLACE + "d/f") == "newer"
    last.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("field", ["size", "mtime_ns", "changed_ns", "inode"])
def test_a_file_that_is_not_the_same_any_more_is_unknown(path: Path, field: str) -> None:
    prints = Fingerprints(path)
    prints.remember(file(), PLACE + "d/f", "etag")
    assert prints.known(dataclasses.replace(file(), **{field: 4}), PLACE + "d/f") == ""
    prints.close()


def test_p13_an_edit_in_place_with_its_time_put_back_is_noticed(tmp_path: Path, path: Path) -> None:
    source = tmp_path / "f"
    source.write_text("one")

    def seen() -> LocalFile:
        state = source.stat()
        return LocalFile(str(source), "f", state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns)

    os.utime(source, ns=(OLD, OLD))
    prints = Fingerprints(path)
    before = seen()
    prints.remember(before, PLACE + "f", "etag")
    while seen().changed_ns == before.changed_ns:  # the next tick of the file system's clock
        with source.open("r+") as stream:
            stream.write("two")
        os.utime(source, ns=(OLD, OLD))
    assert (seen().size, seen().mtime_ns, seen().inode) == (before.size, before.mtime_ns, before.inode)
    assert prints.known(seen(), PLACE + "f") == ""
    prints.close()


def test_another_place_or_path_is_unknown(path: Path) -> None:
    prints = Fingerprints(path)
    prints.remember(file(), PLACE + "d/f", "etag")
    for other, place in [
        (file(), PLACE + "d/g"),
        (file(), PLACE + "f"),
        (file(), "https://other s3://bucket/p/d/f"),
        (file("e/f"), PLACE + "d/f"),
    ]:
        assert prints.known(other, place) == ""
    prints.remember(file(), PLACE + "elsewhere", "other")
    assert prints.known(file(), PLACE + "elsewhere") == "other"
    assert prints.known(file(), PLACE + "d/f") == "etag"
    prints.close()


def test_files_written_to_just_now_are_not_remembered(path: Path) -> None:
    now = 1_700_000_000.0
    prints = Fingerprints(path, now=now)
    for age, known in [(-5.0, ""), (0.0, ""), (1.9, ""), (2.1, "etag")]:
        young = file(mtime_ns=int((now - age) * 10**9))
        prints.remember(young, PLACE + "d/f", "etag")
        assert prints.known(young, PLACE + "d/f") == known, age
    prints.close()


MILLI = 1_000_000
READ = 1_700_000_000 * 10**9 + 123_456_789


@pytest.mark.parametrize(
    ("ticking", "mtime", "changed", "known"),
    [
        (True, -60 * MILLI, -60 * MILLI, "etag"),
        (True, -40 * MILLI, -60 * MILLI, ""),
        (True, -(10**12), -40 * MILLI, ""),  # written just now, and the time put back
        (True, 0, 0, ""),
        (True, 60 * MILLI, 60 * MILLI, ""),
        (True, -123_456_789, -123_456_789, ""),  # whole seconds, perhaps because the file system has no others
        (True, -123_456_789 - 2000 * MILLI, -123_456_789, ""),
        (True, -123_456_789 - 2000 * MILLI, -123_456_789 - 2000 * MILLI, "etag"),
        (False, -1900 * MILLI, -1900 * MILLI, ""),
        (False, -2100 * MILLI, -2100 * MILLI, "etag"),
        (False, -(10**12), -1900 * MILLI, ""),
    ],
)
def test_a_file_is_remembered_once_its_next_change_would_show(
    path: Path, monkeypatch: pytest.MonkeyPatch, ticking: bool, mtime: int, changed: int, known: str
) -> None:
    monkeypatch.setattr("jsobj.transfer.local.fingerprints.ticks", lambda folder: ticking)
    prints = Fingerprints(path, now=(READ - 10**12) / 10**9)  # the run is older, and does not count
    seen = file(mtime_ns=READ + mtime, changed_ns=READ + changed, seen_ns=READ)
    prints.remember(seen, PLACE + "d/f", "etag")
    assert prints.known(seen, PLACE + "d/f") == known
    prints.close()


def test_a_change_within_the_same_tick_is_noticed(tmp_path: Path, path: Path) -> None:
    """Seen, read, and changed at once, as often as it takes to hit the same tick of the clock: never "unchanged"."""
    prints = Fingerprints(path)
    source = tmp_path / "f"
    missed = []
    for number in range(300):
        source.write_bytes(b"%03d before" % number)
        (seen,) = walk([str(source)], filters=Filters())
        assert isinstance(seen, LocalFile)
        with source.open("r+b") as stream:
            stream.write(b"%03d behind" % number)
        (now,) = walk([str(source)], filters=Filters())
        assert isinstance(now, LocalFile)
        prints.remember(seen, PLACE + "f", f"etag{number}")
        if prints.known(now, PLACE + "f") == f"etag{number}":
            missed.append(number)
    assert missed == []
    prints.close()


def test_what_lay_there_for_a_moment_is_remembered(tmp_path: Path, path: Path) -> None:
    source = tmp_path / "f"
    source.write_bytes(b"content")
    wanted = step(source.stat().st_ctime_ns, ticking=ticks(str(tmp_path)))
    while now_ns() - source.stat().st_ctime_ns <= wanted:
        time.sleep(0.01)
    (seen,) = walk([str(source)], filters=Filters())
    assert isinstance(seen, LocalFile)
    prints = Fingerprints(path)
    prints.remember(seen, PLACE + "f", "etag")
    assert prints.known(seen, PLACE + "f") == "etag"
    prints.close()


@pytest.mark.parametrize("order", [1, -1])
def test_thousands_in_any_order(path: Path, order: int) -> None:
    filled(path, 2345)
    prints = Fingerprints(path)
    for number in range(2345)[::order]:
        name = f"d/f{number:05}"
        assert prints.known(file(name), PLACE + name) == f"etag{number}"
        assert prints.known(file(name + "x"), PLACE + name + "x") == ""
    prints.close()


def test_odd_names_and_numbers(path: Path) -> None:
    odd = [file("d/\udcff"), file("d/\ud800"), file("d/a\nb"), file("x", inode=2**64 - 1), file("y", mtime_ns=-1)]
    prints = Fingerprints(path)
    for item in odd:
        prints.remember(item, PLACE + item.relative, "etag")
    prints.close()
    prints = Fingerprints(path)
    assert [prints.known(item, PLACE + item.relative) for item in odd] == ["etag"] * len(odd)
    prints.close()


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    changes = {
        "empty": b"",
        "text": b"not a database" * 100,
        "cut": whole[: len(whole) // 2],
        "cut header": whole[:50],
        "zeros": whole[:100] + bytes(len(whole) - 100),
        "noise": whole[:4096] + os.urandom(len(whole) - 4096),
    }
    if how in changes:
        path.write_bytes(changes[how])
    elif how == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.unlink()
        base = sqlite3.connect(path)
        base.execute("CREATE TABLE files (other TEXT)")
        if how == "other version":
            base.execute("PRAGMA user_version = 99")
        base.commit()
        base.close()


@pytest.mark.parametrize(
    "how", ["empty", "text", "cut", "cut header", "zeros", "noise", "foreign", "other version", "folder"]
)
def test_b119_a_damaged_cache_knows_nothing_and_is_made_anew(path: Path, how: str) -> None:
    filled(path, 300)
    damage(path, how)
    known = set()
    for _ in range(2):  # the first run may only clear it away
        prints = Fingerprints(path)
        for number in range(300):
            name = f"d/f{number:05}"
            known.add(prints.known(file(name), PLACE + name) in {"", f"etag{number}"})
            prints.remember(file(name), PLACE + name, f"etag{number}")
        prints.close()
    assert known == {True}
    if how != "folder":
        prints = Fingerprints(path)
        assert prints.known(file("d/f00007"), PLACE + "d/f00007") == "etag7"
        prints.close()


def test_a_locked_cache_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jsobj.transfer.local.fingerprints._WAIT", 0.01)
    filled(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    prints = Fingerprints(path)
    assert prints.known(file("d/f00000"), PLACE + "d/f00000") == ""
    prints.remember(file("new"), PLACE + "new", "etag")
    prints.close()
    other.execute("ROLLBACK")
    other.close()
    prints = Fingerprints(path)
    assert prints.known(file("d/f00000"), PLACE + "d/f00000") == "etag0"
    prints.close()


def test_a_cache_that_cannot_be_written_is_no_error() -> None:
    prints = Fingerprints(Path("/proc/none/fingerprints.db"))
    prints.remember(file(), PLACE, "etag")
    assert prints.known(file(), PLACE + "d/f") == ""
    prints.close()


def test_l09_two_runs_at_once(path: Path) -> None:
    one, two = Fingerprints(path), Fingerprints(path)
    for number in range(1200):
        for prints, name in ((one, f"one/{number}"), (two, f"two/{number}")):
            prints.remember(file(name), PLACE + name, "etag")
    one.close()
    two.close()
    prints = Fingerprints(path)
    assert prints.known(file("one/0"), PLACE + "one/0") == prints.known(file("two/1199"), PLACE + "two/1199") == "etag"
    prints.close()


def test_old_rows_go(path: Path) -> None:
    now = time.time()
    for age, name in ((200, "old"), (100, "young")):
        prints = Fingerprints(path, now=now - age * 86_400)
        prints.remember(file(name), PLACE + name, "etag")
        prints.close()
    prints = Fingerprints(path, now=now)
    prints.remember(file("new"), PLACE + "new", "etag")
    prints.close()
    prints = Fingerprints(path)
    assert [prints.known(file(name), PLACE + name) for name in ("old", "young", "new")] == ["", "etag", "etag"]
    prints.close()


def test_it_does_not_grow_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path, 100)
    monkeypatch.setattr("jsobj.transfer.local.fingerprints._LARGEST", 4096)
    prints = Fingerprints(path)
    assert prints.known(file("d/f00001"), PLACE + "d/f00001") == ""
    prints.close()


def test_many_threads(path: Path) -> None:
    prints = Fingerprints(path)
    wrong = []

    def work(me: int) -> None:
        for number in range(300):
            name = f"d{me}/{number}"
            prints.remember(file(name), PLACE + name, name)
            if prints.known(file(name), PLACE + name) != name:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(me,)) for me in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    prints.close()
    assert wrong == []
