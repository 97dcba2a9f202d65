"""What places held before, in a file that may be anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.housekeeping.counting import Count
from jsobj.housekeeping.history import History, Look


def test_looks_are_kept_in_order_and_of_the_last_one_the_folders(tmp_path: Path) -> None:
    history = History(tmp_path, "http://h", "p", "b")
    assert history.looks() == []
    history.add(Look(1.5, Count(1, 10), {"a/": Count(1, 10)}))
    history.add(Look(2.5, Count(2, 20), {"a/": Count(2, 20)}))
    assert history.looks() == [Look(1.5, Count(1, 10)), Look(2.5, Count(2, 20), {"a/": Count(2, 20)})]
    assert History(tmp_path, "http://h", "p", "other").looks() == []
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "usage").glob("*.json")} == {0o600}


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    history = History(tmp_path, "b")
    for n in range(103):
        history.add(Look(float(n), Count(n, n)))
    assert [look.count.size for look in history.looks()] == list(range(3, 103))


@pytest.mark.parametrize("text", ["", "[]", '{"looks": [1]}', '{"looks": [{"time": "x"}]}', "\0", '{"looks": 5}'])
def test_a_damaged_file_is_no_error(tmp_path: Path, text: str) -> None:
    history = History(tmp_path, "b")
    history.add(Look(1.0, Count(1, 1)))
    next((tmp_path / "usage").glob("*.json")).write_text(text)
    assert history.looks() == []
    history.add(Look(2.0, Count(2, 2)))
    assert [look.time for look in history.looks()] == [2.0]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "usage").write_text("a file")
    History(tmp_path, "b").add(Look(1.0, Count(1, 1)))
    assert History(tmp_path, "b").looks() == []
