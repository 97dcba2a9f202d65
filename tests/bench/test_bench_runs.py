"""The benches as somebody starts them, with next to nothing to move: the rows come out; an unknown one is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ceph_cluster
import pytest
import tls_front
from rigs import lack

BENCH = Path(__file__).with_name("transfers.py")


def _bench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BENCH), *words], capture_output=True, text=True, timeout=110)


@pytest.fixture(autouse=True)
def servers() -> None:
    if why := ceph_cluster.lacking() or tls_front.lacking():
        lack(why)


def test_rows_of_jsobj_alone(tmp_path: Path) -> None:
    small = ["--large", "1", "--tree", "3", "--many", "5", "--folder", str(tmp_path), "--tools", "jsobj"]
    done = _bench("--rounds", "1", *small, "--rows", "tree-down-https,again-down,many-rm")
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows] == [
        "| row",
        "| 3 x 64 KiB down, https",
        "| 5 x 200 B down again later",
        "| 5 x 200 B deleted",
    ]
    assert [row[1].rpartition(", ")[2] for row in rows[1:3]] == ["digest", "digest"]
    assert not list(tmp_path.iterdir())


def test_the_curve_in_pieces(tmp_path: Path) -> None:
    results = tmp_path / "curve.json"
    for number in ("1", "2"):
        words = ["--curve", "--rounds", "1", "--tree", "3", "--at-once", number, "--rows", "tree-up-http-25"]
        done = _bench(*words, "--results", str(results))
        assert done.returncode == 0, done.stderr
    heads = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert heads[0] == "| row | 1 | 2 |"
    assert heads[1].startswith("| 3 x 64 KiB up, http, +25 ms | ")
    assert heads[1].count("**") == 2
    assert len(heads) == 2


def test_a_row_that_is_not_there(tmp_path: Path) -> None:
    done = _bench("--rows", "file-sideways")
    assert done.returncode == 2
    assert "no file-sideways" in done.stderr
