"""The four programs beside one another: lines of code, time, and what two loads or a killed one leave.

    python tests/book/book_table.py                 # a few minutes; prints the table
    python tests/book/book_table.py --write         # also into tests/book/README.md

All that is printed was counted by witnesses in the stores. Each program reaches its store through a proxy that counts
requests, and can let every answer come later, as distance does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import book_sides
import samples
from book_scene import Loaded, Side, expected, far, without_url
from emulators import CACHE, azurite, moto
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw

from jsobj.sandbox import lifecycle

_README = Path(__file__).with_name("README.md")
_BEGIN, _END = "<!-- table -->", "<!-- end of table -->"
FAR = 0.05  # seconds that an answer comes later: 25 ms each way


def rows_of(side: Side, made: samples.Samples, rounds: int) -> dict[str, str]:
    """What this program does, by the title of the row."""
    count, files = len(made.rows), len(made.files)
    side.clear()
    near = [_fresh(side, made) for _ in range(rounds)]
    twice = side.load(made)
    asked = [_asked(side, made) for _ in range(rounds)]
    with far(side, FAR):
        distant = [_fresh(side, made) for _ in range(rounds)]
        twice_far = side.load(made)
        asked_far = [_asked(side, made) for _ in range(rounds)]
    side.clear()
    killed = side.kill_in(made, files // 2)
    again = side.load(made)
    return {
        "lines of code": str(side.lines),
        f"load of {count} rows with their files, s": _seconds([each.seconds for each in near]),
        "... with 25 ms each way": _seconds([each.seconds for each in distant]),
        "one item; an experiment (whole processes), s": _questions(asked),
        "one item; an experiment, with 25 ms each way": _questions(asked_far),
        "loaded twice: files sent again": f"{twice.sent}; {twice.seconds:.1f} s, far {twice_far.seconds:.1f} s",
        "... rows lost, rows double": _faults(twice, made),
        "`kill -9` half-way: rows to be seen": f"{len(killed.keys)} of {count}",
        "... objects that no row tells of": str(killed.without_row(made)),
        "then loaded again: files sent": str(again.sent),
        "... rows lost, rows double, objects without a row": f"{_faults(again, made)}, {again.without_row(made)}",
    }


def _fresh(side: Side, made: samples.Samples) -> Loaded:
    side.clear()
    done = side.load(made)
    assert (done.code, done.named) == (3, made.refused), done.said
    assert done.files == set(made.files)
    return done


def _asked(side: Side, made: samples.Samples) -> tuple[float, float]:
    """Seconds of two questions, whose answers are compared."""
    first = time.monotonic()
    found = side.ask("item", "bond", "007")
    second = time.monotonic()
    assert without_url(found) == [made.rows["bond", "007"]]
    assert without_url(side.ask("experiment", "run-1")) == expected(made, "run-1")
    return second - first, time.monotonic() - second


def _questions(asked: list[tuple[float, float]]) -> str:
    return "; ".join(_seconds(list(each)) for each in zip(*asked, strict=True))


def _faults(done: Loaded, made: samples.Samples) -> str:
    found = Counter(done.keys)
    return f"{len(made.rows.keys() - found.keys())}, {sum(found.values()) - len(found)}"


def _seconds(spent: list[float]) -> str:
    return f"{statistics.median(spent):.1f}"


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--experiments", type=int, default=10)
    words.add_argument("--each", type=int, default=20, help="plain rows of an experiment")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--cache", type=Path, default=Path(CACHE), help="where Azurite is, or is put")
    words.add_argument("--write", action="store_true", help="also into the README beside this")
    options = words.parse_args()
    base = Path(tempfile.mkdtemp(prefix="jsobj-book-"))
    table: dict[str, list[str]] = {}
    titles: list[str] = []
    try:
        made = samples.make(base, options.experiments, options.each)
        with ExitStack() as stack:
            for side in _sides(stack, base, options.cache.absolute()):
                titles.append(side.title)
                for title, cell in rows_of(side, made, options.rounds).items():
                    table.setdefault(title, []).append(cell)
                print(side.title, file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    lines = [f"| | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    lines += [f"| {title} | {' | '.join(cells)} |" for title, cells in table.items()]
    text = f"{_machine(options.rounds)}\n\n" + "\n".join(lines)
    print(text)
    if options.write:
        before, _, rest = _README.read_text().partition(_BEGIN)
        _README.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{rest.partition(_END)[2]}")


def _machine(rounds: int) -> str:
    today = datetime.now(timezone.utc)
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return f"{today:%Y-%m-%d}; {os.cpu_count()} cores, all on one machine; {python}; medians of {rounds}:"


def _sides(stack: ExitStack, base: Path, cache: Path) -> list[Side]:
    homes = [base / f"home-{number}" for number in range(4)]
    for folder in (*homes, base / "rgw"):
        folder.mkdir()
    cloud = Cloud(lifecycle.start(base / "sandbox"))
    stack.callback(lifecycle.reset, base / "sandbox")
    key = cloud.mint_ec2_key("alice")
    gateway = Rgw(cloud, base / "rgw", stack).gateway(GLOBAL)
    return [
        stack.enter_context(side)
        for side in (
            book_sides.amazon(stack.enter_context(moto(base)), homes[0]),
            book_sides.azure(stack.enter_context(azurite(base, cache)), homes[1]),
            book_sides.swift(cloud, homes[2]),
            book_sides.ceph(gateway.endpoint, key, homes[3]),
        )
    ]


if __name__ == "__main__":
    main()
