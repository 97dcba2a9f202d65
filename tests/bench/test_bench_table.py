"""A row is printed only where every run's result was looked at; "best peer" is never jsobj itself."""

from __future__ import annotations

from pathlib import Path

from processes import Spent
from results import Results
from rows import ROWS
from table import curve, markdown

ROW = ROWS["file-down-http"]
NAMES = ["jsobj", "jsobj-before", "s5cmd", "rclone"]


def _results(checked: str) -> Results:
    runs = {
        "jsobj": [Spent(2.0, 3.0, 50 << 20, "SHA-256")] * 3,
        "jsobj-before": [Spent(0.5, 0.5, 50 << 20, "SHA-256")] * 3,
        "s5cmd": [*[Spent(1.0, 2.0, 20 << 20, "SHA-256")] * 2, Spent(1.0, 2.0, 20 << 20, checked)],
        "rclone": [],
    }
    return Results({ROW.name: runs}, {"jsobj": {"get http": "digest"}, "s5cmd": {"get http": "nothing"}})


def test_a_row_says_what_was_compared_and_stands_beside_peers_only() -> None:
    text = markdown(_results("SHA-256"), [ROW], NAMES)
    assert "| 2.00 / 3.00 / 50, digest | 0.50 / 0.50 / 50 | 1.00 / 2.00 / 20, nothing | failed |" in text
    assert "| 2.00 (s5cmd), 1.50 (s5cmd) | 4.00, 6.00 |" in text
    assert "wall 2.00 x the best peer's, 1.0 asked" in text


def test_a_row_with_one_run_that_nobody_checked_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    _results("").save(file)
    text = markdown(Results.load(file), [ROW], NAMES)
    assert "2.00" not in text
    assert f"Not printed:\n- {ROW.title}: the bytes of s5cmd were not checked" in text
    assert "2.00" not in curve(Results.load(file), [ROW], NAMES)


def test_what_was_saved_is_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    _results("SHA-256").save(file)
    assert Results.load(file) == _results("SHA-256")
    assert Results.load(tmp_path / "none.json") == Results()


def test_the_curve_has_pieces_of_other_sizes() -> None:
    runs = {"1": [Spent(2.0, 3.0, 0, "SHA-256", 10**9)], "8": [Spent(1.0, 0.5, 0, "SHA-256", 10**8)], "64": []}
    line = curve(Results({ROW.name: runs}), [ROW], ["1", "8", "64"]).splitlines()[-1]
    assert line == f"| {ROW.title} | **500 / 3.00** | 100 / 5.00 | - |"
