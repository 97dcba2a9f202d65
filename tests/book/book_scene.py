"""One catalogue of samples, made by each of the programs of this folder on its own store: what it answers, and what
running twice or dying half-way leaves.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))

from fault_proxy import FaultProxy, Rule
from samples import COLUMNS, Row, Samples

HERE = Path(__file__).parent
_PATIENCE = 120.0
Key = tuple[str, str]


@dataclass(frozen=True)
class Side:
    """A program and its store, which it reaches through ``proxies``, that of the files first.

    ``files`` and ``keys`` are witnesses: the names of the objects, and experiment and item of every row, more than once
    where it is there more than once. ``clear`` leaves an empty store.
    """

    title: str
    script: Path
    environment: Mapping[str, str]
    proxies: Sequence[FaultProxy]
    files: Callable[[], set[str]]
    keys: Callable[[], list[Key]]
    clear: Callable[[], None]

    @property
    def words(self) -> list[str]:
        return ["sh" if self.catalogue else sys.executable, str(self.script)]

    @property
    def catalogue(self) -> bool:
        """Whether it is jsobj's."""
        return self.script.suffix == ".sh"

    @property
    def lines(self) -> int:
        """Of code."""
        return code_lines(self.script.read_text())

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        argv = [*self.words, *map(str, words)]
        return subprocess.run(
            argv,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )

    def load(self, samples: Samples) -> Loaded:
        """Load all, and look at what is there then."""
        for proxy in self.proxies:
            proxy.clear()
        began = time.monotonic()
        done = self.run("load", samples.csv, samples.folder)
        spent = time.monotonic() - began
        named = tuple(line for line in samples.refused if f"line {line}" in done.stdout + done.stderr)
        return Loaded(done.returncode, named, spent, self._sent(samples), self.keys(), self.files(), done.stderr)

    def kill_in(self, samples: Samples, sent: int) -> Loaded:
        """``kill -9`` a load while the answers to all files after ``sent`` are held back."""
        self.proxies[0].clear()
        rule = Rule("hold", "answer", "PUT", rf"/({'|'.join({name.partition('/')[0] for name in samples.files})})/")
        rule.skip, rule.times = sent, 0
        self.proxies[0].add(rule)
        words = [*self.words, "load", str(samples.csv), str(samples.folder)]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(
            words, env=dict(self.environment), stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        ) as process:
            try:
                self.proxies[0].until(lambda _: rule.reached.is_set(), lambda: process.poll() is not None)
                early = process.poll() is None
            finally:
                _kill_group(process)
        assert early, f"{self.title} had ended before it was killed"
        self.proxies[0].clear()
        rule.release()
        return Loaded(-9, (), 0.0, 0, self.keys(), self.files(), "")

    def ask(self, *words: str) -> list[Row]:
        """The rows of an answer, by item: ``url`` and the columns."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        rows = found["items"] if isinstance(found, dict) else found
        named = [{name.removeprefix("_"): value for name, value in row.items()} for row in rows]
        return sorted(named, key=lambda row: row["item_id"])

    def _sent(self, samples: Samples) -> int:
        """How many files went up since the proxies were cleared."""
        tops = {name.partition("/")[0] for name in samples.files}
        return sum(1 for one in self.proxies[0].of("PUT") if one.sent and any(f"/{top}/" in one.path for top in tops))


@dataclass(frozen=True)
class Loaded:
    """How a load ended, and what was there then. ``sent``: files that went up in it; ``named``: refused lines."""

    code: int
    named: tuple[int, ...]
    seconds: float
    sent: int
    keys: list[Key]
    files: set[str]
    said: str = field(repr=False)

    def without_row(self, samples: Samples) -> int:
        """Objects that no row tells of."""
        told = {samples.rows[key]["file"] for key in self.keys}
        return len(self.files - told)


@contextlib.contextmanager
def far(side: Side, seconds: float) -> Iterator[None]:
    """Each answer of the side's store so much later."""
    for proxy in side.proxies:
        proxy.latency = seconds
    try:
        yield
    finally:
        for proxy in side.proxies:
            proxy.latency = 0.0


def expected(samples: Samples, experiment: str) -> list[Row]:
    """The right answer, without the URLs."""
    found = [row for (run, _), row in samples.rows.items() if run == experiment]
    return sorted(found, key=lambda row: row["item_id"])


def opened(row: Row) -> bytes:
    """What anybody gets who opens the row's URL."""
    with urllib.request.urlopen(row["url"], timeout=30) as answer:
        data: bytes = answer.read()
        return data


def without_url(rows: list[Row]) -> list[Row]:
    return [{name: row[name] for name in COLUMNS} for row in rows]


def code_lines(text: str) -> int:
    """Lines that are neither empty nor a comment nor the text at the beginning."""
    if text.startswith('"""'):
        text = text.split('"""', 2)[2]
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """A shell and what it has started; the group is ours alone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
