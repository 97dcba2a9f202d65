"""The life of a tree of very many small files: sent, sent once more, listed, fetched, fetched once more, deleted.

One sequence for each tool and round, since it takes the server longer to get 20 000 objects than all the rest together.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import storage
from processes import FailedRun, Spent
from rows import MANY, ROWS, Row
from tools import Tool
from witness import BUCKET

if TYPE_CHECKING:
    from running import Bench

LATER = 2.5  # seconds after which a file's time of change is believed by all


def life(bench: Bench, asked: Mapping[str, Row], tool: Tool, number: int) -> Iterator[tuple[str, Spent]]:
    """What each row of ``asked`` took, in the order of that life; the steps that nobody needs are left out."""
    tree = _Tree(bench, tool, f"{MANY}/{tool.name}-{number}/")
    rows = [row for row in ROWS.values() if row.stuff == MANY]
    try:
        for row in rows:
            needed = row.name in asked or row.name == "many-up"
            needed |= any(name in asked for name in _NEEDED.get(row.name, ()))
            if needed and row.verb in tool.verbs:
                spent = tree.step(row)
                if row.name in asked:
                    yield row.name, spent
    finally:
        tree.end()


_NEEDED = {
    "again-up-new": ("again-up",),
    "many-down": ("again-down-new", "again-down"),
    "again-down-new": ("again-down",),
}


class _Tree:
    """The files here, at the server, and as they were fetched."""

    def __init__(self, bench: Bench, tool: Tool, prefix: str) -> None:
        self._bench = bench
        self._tool = tool
        self._prefix = prefix
        self._source = bench.folder(MANY)
        self._open = contextlib.ExitStack()
        self._target: Path | None = None
        self._changed = 0.0  # when the last file was
        self._steps = {
            "put_tree": self._sent,
            "again_up": self._sent_again,
            "ls": lambda row: bench.list_tree(row, tool, prefix),
            "get_tree": self._got,
            "again_down": self._got_again,
            "rm": self._removed,
        }

    def step(self, row: Row) -> Spent:
        """What it took; raises :class:`FailedRun` where its result is not right."""
        if row.name in {"again-up", "again-down"}:
            time.sleep(max(0.0, self._changed + LATER - time.time()))
        return self._steps[row.verb](row)

    def end(self) -> None:
        """Leave nothing of it."""
        self._open.close()
        self._bench.witness.remove(self._prefix, self._bench.sizes.many * self._bench.sizes.tiny)

    def _spend(self, row: Row, local: Path) -> Spent:
        return self._bench.spend(row, self._tool, str(local), BUCKET, self._prefix)

    def _listing(self) -> dict[str, tuple[str, str]]:
        return self._bench.witness.at_server(storage.listing, self._prefix)

    def _sent(self, row: Row) -> Spent:
        known = self._bench.digests(MANY, "md5")
        for name in known:  # as new as they can be, which is when nobody may rely on their times
            os.utime(self._source / name)
        self._changed = time.time()
        spent = self._spend(row, self._source)
        if {name: etag.strip('"') for name, (etag, _) in self._listing().items()} != known:
            raise FailedRun(f"{self._tool.name}: what the server has is not what was sent")
        return replace(spent, checked="MD5 of every object, by the server")

    def _sent_again(self, row: Row) -> Spent:
        before = self._listing()
        spent = self._spend(row, self._source)
        if self._listing() != before:
            raise FailedRun(f"{self._tool.name} changed objects of a finished upload")
        return replace(spent, checked="no object was changed")

    def _got(self, row: Row) -> Spent:
        self._target = self._open.enter_context(self._bench.fetched())
        spent = self._spend(row, self._target)
        self._changed = time.time()
        if self._bench.witness.ask(storage.local_digests, self._target) != self._bench.digests(MANY):
            raise FailedRun(f"{self._tool.name}: what was fetched is not what was sent")
        return replace(spent, checked="every byte by SHA-256")

    def _got_again(self, row: Row) -> Spent:
        assert self._target
        before = _state(self._target)
        spent = self._spend(row, self._target)
        if _state(self._target) != before:
            raise FailedRun(f"{self._tool.name} changed files of a finished download")
        return replace(spent, checked="no file was changed")

    def _removed(self, row: Row) -> Spent:
        spent = self._spend(row, self._source)
        if left := self._listing():
            raise FailedRun(f"{self._tool.name} left {len(left)} objects")
        return replace(spent, checked="nothing is left")


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    """Time of the last change of the content, and which file it is."""
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*.bin")}
