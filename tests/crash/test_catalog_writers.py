"""Eight writers of one catalogue at once, of which some are killed: loads, and programs that add row after row."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from catalogue_parts import PARTS, Row, all_rows, newest
from crash_scene import Crash, kill, sha256

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

SEED = 20261130
LOADS, ADDERS = 5, 3
ROWS, FILES, ADDED = 40, 6, 8  # of each writer
EVERYWHERE = pytest.mark.parametrize("crash", ["s3", "rgw", "swift"], indirect=True)

# One acknowledged row, one line.
_ADDER = """
import sys, jsobj
url, first, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
catalogue = jsobj.connect().catalog(url)
for number in range(count):
    catalogue.add(f"{first}-{number}", note=f"by {first}")
    print(f"{first}-{number}", flush=True)
"""


class Series:
    """The writers of one bucket. Each has rows of its own, and some that all of them have in common."""

    def __init__(self, crash: Crash, chosen: random.Random) -> None:
        self._crash, self._chosen = crash, chosen
        self._tables = [self._table(number) for number in range(LOADS)]

    def _table(self, number: int) -> Path:
        folder = self._crash.path(f"files-{number}")
        folder.mkdir()
        for file in range(FILES):
            (folder / f"w{number}-{file}.bin").write_bytes(self._chosen.randbytes(500 + file))
        lines = [f"w{number}-{row},w{number}-{row % FILES}.bin,word {row}" for row in range(ROWS)]
        lines += [f"common-{row},,by w{number}" for row in range(3)]
        return self._crash.path(f"{number}.csv", ("item,file,note\n" + "\n".join(lines) + "\n").encode())

    def begin(self) -> list[subprocess.Popen[bytes]]:
        """All at once, in a catalogue that somebody has begun."""
        first = self._crash.path("first.csv", b"item,file,note\nfirst,,\n")
        self._crash.jsobj("catalog", "load", first, self._crash.url())
        return [self._load(number) for number in range(LOADS)] + [self._adder(number) for number in range(ADDERS)]

    def _load(self, number: int) -> subprocess.Popen[bytes]:
        words = ("catalog", "load", self._tables[number], self._crash.url(), "--files", f"files-{number}")
        return self._started(self._crash.jsobj.start(*words))

    def _adder(self, number: int) -> subprocess.Popen[bytes]:
        jsobj = self._crash.jsobj
        with self._told(number).open("ab") as told, (jsobj.home / "output").open("ab") as said:
            words = [sys.executable, "-c", _ADDER, self._crash.url(), f"a{number}", str(ADDED)]
            return self._started(
                subprocess.Popen(
                    words, env=jsobj.environment(), cwd=jsobj.folder, stdin=subprocess.DEVNULL, stdout=told, stderr=said
                )
            )

    def _started(self, process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        self._crash.running.append(process)
        return process

    def _told(self, number: int) -> Path:
        return self._crash.path(f"told-{number}")

    def kill_some(self, processes: list[subprocess.Popen[bytes]], kills: int) -> set[int]:
        """Kill so many that are under way, each after some more requests; the numbers of those that were killed."""
        killed: set[int] = set()
        while len(killed) < kills:
            base, more = len(self._crash.proxy.journal), self._chosen.randrange(1, 60)
            alive = [number for number, one in enumerate(processes) if one.poll() is None]
            self._crash.proxy.until(
                lambda proxy, wanted=base + more: len(proxy.journal) >= wanted,  # type: ignore[misc]
                lambda: all(one.poll() is not None for one in processes),
            )
            alive = [number for number, one in enumerate(processes) if one.poll() is None]
            if not alive:
                break
            victim = self._chosen.choice(alive)
            kill(processes[victim])
            killed.add(victim)
        return killed

    def acknowledged(self, ended: Iterable[int]) -> set[str]:
        """The keys of rows whose writers were told that they are there."""
        loaded = {key for number in ended if number < LOADS for key in self.keys_of(number)}
        return loaded | {key for number in range(ADDERS) for key in self._told(number).read_text().split()}

    def keys_of(self, load: int) -> set[str]:
        return {f"w{load}-{row}" for row in range(ROWS)} | {f"common-{row}" for row in range(3)}

    def rows(self) -> list[Row]:
        names = [name for name in list(self._crash.keys()) if name.startswith(PARTS)]
        return all_rows({name: self._crash.fetch(name) for name in names})

    def finish(self, killed: Iterable[int]) -> None:
        """The killed loads once more, all at once; one that had ended, which must add nothing; and a compaction."""
        again = [self._load(number) for number in {*(k for k in killed if k < LOADS), 0}]
        again.append(self._started(self._crash.jsobj.start("catalog", "compact", self._crash.url())))
        assert [process.wait(120) for process in again] == [0] * len(again), self._crash.said()


def _series(crash: Crash, seed: int, kills: int) -> None:
    chosen = random.Random(seed)
    series = Series(crash, chosen)
    processes = series.begin()
    killed = series.kill_some(processes, kills)
    ended = set(range(LOADS + ADDERS)) - killed
    assert [processes[number].wait(120) for number in sorted(ended)] == [0] * len(ended), crash.said()
    assert killed
    told = series.acknowledged(ended)
    assert told <= newest(series.rows()).keys()
    series.finish(killed)
    _check(crash, series, told)


def _check(crash: Crash, series: Series, told: set[str]) -> None:
    rows = series.rows()
    there = newest(rows)
    loaded = {"first"} | {key for number in range(LOADS) for key in series.keys_of(number)}
    assert told | loaded <= there.keys()
    assert {key for key in there.keys() - loaded - told if not key.startswith("a")} == set()
    _check_once(rows)
    _check_objects(crash, there.values())
    shown = crash.jsobj("catalog", "query", crash.url(), "--json").json["items"]
    assert Counter(row["_key"] for row in shown) == Counter(list(there))
    assert {row["_key"]: row["note"] for row in shown} == {key: row["note"] for key, row in there.items()}
    crash.jsobj("catalog", "verify", crash.url(), "--deep", "--extra")


def _check_once(rows: list[Row]) -> None:
    """No line of a table is in two parts, and no added row was added twice."""
    lines = Counter((row["_source"], row["_line"], row["_key"]) for row in rows)
    assert [line for line, count in lines.items() if count > 1] == []


def _check_objects(crash: Crash, rows: Iterable[Row]) -> None:
    """Each row says of its object what the object is."""
    for row in rows:
        if row["_object"] is not None:
            body = crash.fetch(row["_object"])
            assert (row["_size"], row["_sha256"]) == (len(body), sha256(body)), row


@EVERYWHERE
def test_eight_writers_some_killed_and_no_row_is_lost(crash: Crash) -> None:
    print(f"seed {SEED}")  # noqa: T201 - shown where the test fails
    _series(crash, SEED, kills=4)


@pytest.mark.long
@EVERYWHERE
@pytest.mark.parametrize("seed", range(8))
def test_many_series_of_eight_writers(crash: Crash, seed: int) -> None:
    _series(crash, seed, kills=6)
