"""Timing whole processes: wall and CPU seconds, in turn, medians."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """Seconds of one run."""

    wall: float
    cpu: float

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.cpu + other.cpu)


def spend(words: Sequence[str], *, env: Mapping[str, str], stdin: Path | None = None) -> Spent:
    """Run one process to its end; its failure is an error here."""
    began = time.perf_counter()
    with open(stdin or os.devnull, "rb") as source:
        process = subprocess.Popen(
            words, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(env), cwd=env["HOME"]
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {said.decode()[-2000:]}")
    return Spent(wall, used.ru_utime + used.ru_stime)


def in_turn(runs: int, first: Callable[[], Spent], second: Callable[[], Spent]) -> tuple[list[Spent], list[Spent]]:
    """A B A B ..., after one run of each that is not counted."""
    first()
    second()
    pairs = [(first(), second()) for _ in range(runs)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def median(spent: Sequence[Spent]) -> Spent:
    return Spent(statistics.median(s.wall for s in spent), statistics.median(s.cpu for s in spent))
