"""Timing whole processes: wall and CPU seconds and peak memory, in turn, medians."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 900.0  # no single run takes longer
_LAUNCH = str(Path(__file__).with_name("launch.py"))


class FailedRun(SystemExit):
    """A measured process failed: the whole bench ends, unless somebody catches this."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one run, and the largest resident set of any of its processes in bytes.

    ``checked``: what proved that its result was right; "" where nothing did, and then no table prints it.
    ``moved``: bytes of content.
    """

    wall: float
    cpu: float
    rss: int = 0
    checked: str = ""
    moved: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.cpu + other.cpu, max(self.rss, other.rss))


def spend(
    words: Sequence[str], *, env: Mapping[str, str], stdin: Path | None = None, stdout: Path | None = None
) -> Spent:
    """Run one process to its end; its failure is an error here."""
    with (
        tempfile.NamedTemporaryFile("r") as report,
        open(stdin or os.devnull, "rb") as source,
        open(stdout or os.devnull, "wb") as output,
        subprocess.Popen(
            [sys.executable, "-IS", _LAUNCH, report.name, *words],
            stdin=source,
            stdout=output,
            stderr=subprocess.PIPE,
            env=dict(env),
            cwd=env["HOME"],
            start_new_session=True,
        ) as process,
    ):
        watchdog = threading.Timer(SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        watchdog.start()
        try:
            said = process.communicate()[1]
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # it must not go on while the bench ends
            raise
        finally:
            watchdog.cancel()
        if process.returncode:
            tail = said.decode(errors="replace")[-2000:]
            raise FailedRun(f"{' '.join(words)} ended with {process.returncode}: {tail}")
        wall, cpu, rss = report.read().split()
    return Spent(float(wall), float(cpu), int(rss))


def median(spent: Sequence[Spent]) -> Spent:
    """Of each measure by itself."""
    return Spent(
        statistics.median(s.wall for s in spent),
        statistics.median(s.cpu for s in spent),
        int(statistics.median(s.rss for s in spent)),
    )
