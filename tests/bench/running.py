"""One run of one tool in one row: made ready, measured, its bytes checked, cleaned up."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import storage
from listing_server import key as listed_key
from processes import FailedRun, Spent, spend
from rows import Row
from servers import LISTED, Places
from table import binary
from tools import Tool
from witness import BUCKET, Witness

SMALL = 10


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of what is moved: bytes of the large file and of each file of the tree, numbers of files and of listed keys."""

    large: int = 1 << 30
    tree: int = 2000
    each: int = 64 << 10
    many: int = 20_000
    tiny: int = 1 << 10
    listed: int = 1_000_000

    def bytes_of(self, stuff: str) -> int:
        """In all."""
        return {"large": self.large, "tree": self.tree * self.each, "many": self.many * self.tiny}.get(stuff, 0)

    def words(self) -> dict[str, str]:
        """For the rows' titles."""
        return {
            "large": binary(self.large),
            "tree": f"{self.tree} x {binary(self.each)}",
            "many": f"{self.many} files of {binary(self.tiny)}",
            "listed": f"{self.listed:,}".replace(",", " "),
        }


class Bench:
    """The rows' materials, on the disk and at the server."""

    def __init__(self, folder: Path, places: Places, programs: Path, sizes: Sizes) -> None:
        self._folder = folder
        self._places = places
        self._programs = programs
        self.sizes = sizes
        self._known: dict[str, dict[str, str]] = {}
        self._filled: set[str] = set()
        self._witness = Witness(places.http)
        self.close = self._witness.close

    def run(self, row: Row, tool: Tool, number: int) -> Spent:
        """Run ``number`` of this tool; raises :class:`FailedRun` where it fails or its bytes are not right."""
        if row.verb == "again":
            return self._again(row, tool)
        if row.verb in {"ls", "list_all"}:
            return self._list(row, tool)
        return self._download(row, tool) if row.downloads else self._upload(row, tool, number)

    # -- kinds of rows

    def _upload(self, row: Row, tool: Tool, number: int) -> Spent:
        prefix = f"{row.name}/{tool.name}-{number}/"
        local, key = self._local(row.stuff, prefix)
        known = self._digests(row.stuff)
        try:
            spent = self._spend(row, tool, str(local), BUCKET, key)
            _same(tool, known, self._witness.ask(storage.digests, self._places.http, BUCKET, prefix))
        finally:
            self._witness.remove(prefix, self.sizes.bytes_of(row.stuff))
        return spent

    def _download(self, row: Row, tool: Tool) -> Spent:
        prefix = f"source/{row.stuff}/"
        source, key = self._local(row.stuff, prefix)
        if row.stuff not in self._filled:
            folder = source.parent if row.stuff == "large" else source
            self._witness.ask(storage.fill, self._places.http, BUCKET, prefix, folder)
            self._filled.add(row.stuff)
        target = self._folder / "downloaded"
        target.mkdir()
        try:
            spent = self._spend(row, tool, str(target / source.name if row.stuff == "large" else target), BUCKET, key)
            _same(tool, self._digests(row.stuff), self._witness.ask(storage.local_digests, target))
        finally:
            shutil.rmtree(target)
        return spent

    def _again(self, row: Row, tool: Tool) -> Spent:
        """Proof that nothing was done: each object is as it was, to the time of its last change."""
        prefix = f"{row.name}/{tool.name}/"
        local, key = self._local(row.stuff, prefix)
        if prefix not in self._filled:
            self._spend(row, tool, str(local), BUCKET, key)
            _same(tool, self._digests(row.stuff), self._witness.ask(storage.digests, self._places.http, BUCKET, prefix))
            self._filled.add(prefix)
        before = self._witness.ask(storage.listing, self._places.http, BUCKET, prefix)
        spent = self._spend(row, tool, str(local), BUCKET, key)
        if self._witness.ask(storage.listing, self._places.http, BUCKET, prefix) != before:
            raise FailedRun(f"{tool.name} changed objects of a finished upload")
        return spent

    def _list(self, row: Row, tool: Tool) -> Spent:
        small = row.stuff == "small"
        if small and "small" not in self._filled:
            self._witness.ask(storage.fill, self._places.http, BUCKET, "small/", self._folder_of("small"))
            self._filled.add("small")
        output = self._folder / "listed.txt"
        try:
            where = (BUCKET, "small/") if small else (LISTED, "")
            spent = self._spend(row, tool, "", *where, stdout=output)
            wrong = (
                _small_wrong(output, self._folder_of("small")) if small else _listing_wrong(output, self.sizes.listed)
            )
        finally:
            output.unlink(missing_ok=True)
        if wrong:
            raise FailedRun(f"{tool.name} listed wrongly: {wrong}")
        return spent

    # -- what they share

    def _spend(self, row: Row, tool: Tool, local: str, bucket: str, key: str, stdout: Path | None = None) -> Spent:
        home = self._folder / "homes" / tool.name
        home.mkdir(parents=True, exist_ok=True)
        env = tool.environment(self._places.by(row.way), home, self._programs)
        os.sync()  # what others wrote is not this run's to wait for
        return spend(tool.verbs[row.verb](local, bucket, key), env=env, stdout=stdout)

    def _local(self, stuff: str, prefix: str) -> tuple[Path, str]:
        """What is moved here, and its key (ending in "/" for a tree)."""
        folder = self._folder_of(stuff)
        return (folder / "large.bin", prefix + "large.bin") if stuff == "large" else (folder, prefix)

    def _folder_of(self, stuff: str) -> Path:
        folder = self._folder / stuff
        if not folder.exists():
            counts = {
                "large": (1, self.sizes.large),
                "tree": (self.sizes.tree, self.sizes.each),
                "many": (self.sizes.many, self.sizes.tiny),
                "small": (SMALL, self.sizes.tiny),
            }
            self._witness.ask(storage.make_files, folder, *counts[stuff])
        return folder

    def _digests(self, stuff: str) -> dict[str, str]:
        if stuff not in self._known:
            self._known[stuff] = self._witness.ask(storage.local_digests, self._folder_of(stuff))
        return self._known[stuff]


def _same(tool: Tool, expected: dict[str, str], found: dict[str, str]) -> None:
    if wrong := [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]:
        raise FailedRun(f"{tool.name}: {len(wrong)} of {len(expected)} are not identical, {sorted(wrong)[0]} for one")


def _small_wrong(output: Path, folder: Path) -> str:
    """Folders or files of the small bucket must stand there, one level of it or all."""
    text = output.read_text()
    return "" if all(path.name in text for path in folder.iterdir()) else text[:200]


def _listing_wrong(output: Path, count: int) -> str:
    """Every key exactly once, in whatever order and among whatever columns."""
    start, end = listed_key(0).split("0", 1)[0], ".nc"
    lines = total = 0
    with output.open() as file:
        for line in file:
            with contextlib.suppress(ValueError, IndexError):
                total += int(line.split(start, 1)[1].split(end, 1)[0])
                lines += 1
    return "" if (lines, total) == (count, count * (count - 1) // 2) else f"{lines} keys instead of {count}"
