"""A folder of samples and a CSV about them, the same in every run.

A row has an item, its experiment, a date, a file and a comment, with bars between. A few rows are as rows are in life:
quotes and bars in a comment, an id with zeros in front, a formula, an older word for the same item, a file that is not
there, a row with too many fields.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("item_id", "experiment_id", "date", "file", "comment")
Row = dict[str, str]


@dataclass(frozen=True)
class Samples:
    """``rows``: what a catalogue must answer, by experiment and item; ``files``: what must lie in the store;
    ``refused``: the lines of ``csv`` that must be named and left out."""

    folder: Path
    csv: Path
    rows: dict[tuple[str, str], Row]
    files: dict[str, bytes]
    refused: tuple[int, ...]


def make(base: Path, experiments: int = 3, each: int = 8) -> Samples:
    """Into the new folder ``base``, with ``experiments`` x ``each`` plain rows beside the awkward ones."""
    chosen = random.Random(20261130)
    plain = [
        (f"{item:03}", f"run-{run}", f"2026-11-{1 + (run * each + item) % 28:02}", f"run-{run}/{item:03}.bin", "plain")
        for run in range(experiments)
        for item in range(each)
    ]
    awkward = [
        ("007", "bond", "2026-10-01", "bond/note #1 50%.txt", 'the label says "| licence |"'),
        ("7", "bond", "2026-10-02", "bond/seven.txt", ""),
        ("008", "bond", "2026-10-03", "bond/caf\u00e9.txt", "=1+1; DROP TABLE samples; <b>\u00fc</b>"),
        ("009", "bond", "2026-10-04", "bond/nine.txt", "first\nsecond line"),
        ("009", "bond", "2026-10-05", "bond/nine.txt", "the later word counts"),
    ]
    files = {file: chosen.randbytes(2000 + chosen.randrange(4000)) for *_, file, _ in [*plain, *awkward]}
    lost = ("010", "bond", "2026-10-06", "bond/not-there.txt", "its file is not there")
    broken = ("011", "bond", "2026-10-07", "bond/seven.txt", "one", "field too many")
    lines = [COLUMNS, *plain[:5], lost, broken, *plain[5:], *awkward]
    folder, source = base / "samples", base / "samples.csv"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="|", lineterminator="\n").writerows(lines)
    rows = {(row[1], row[0]): dict(zip(COLUMNS, row, strict=True)) for row in [*plain, *awkward]}
    return Samples(folder, source, rows, files, (lines.index(lost) + 1, lines.index(broken) + 1))
