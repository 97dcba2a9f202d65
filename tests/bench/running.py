"""One run of one tool in one row: made ready, measured, its result checked, cleaned up."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import many
import storage
from listing_server import key as listed_key
from processes import FailedRun, Spent, spend
from rows import MANY, Row
from servers import LISTED, Places
from table import binary
from tools import Tool
from witness import BUCKET, Witness

SHA256 = "every byte by SHA-256"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of what is moved: bytes of the large file and of each file of the tree, numbers of files and of listed keys."""

    large: int = 1 << 30
    tree: int = 2000
    many: int = 20_000
    listed: int = 1_000_000
    each: int = 64 << 10
    tiny: int = 200
    few: int = 10

    def of(self, stuff: str) -> tuple[int, int]:
        """Files, and the bytes of each."""
        return {
            "large": (1, self.large),
            "tree": (self.tree, self.each),
            MANY: (self.many, self.tiny),
            "few": (self.few, self.tiny),
        }[stuff]

    def words(self) -> dict[str, str]:
        """For the rows' titles."""
        trees = {stuff: f"{count} x {binary(size)}" for stuff in ("tree", MANY) for count, size in [self.of(stuff)]}
        return {**trees, "large": binary(self.large), "listed": f"{self.listed:,}".replace(",", " ")}


class Bench:
    """The rows' materials, on the disk and at the server."""

    def __init__(self, folder: Path, places: Places, programs: Path, sizes: Sizes) -> None:
        self._folder = folder
        self._places = places
        self._programs = programs
        self.sizes = sizes
        self._known: dict[tuple[str, str], dict[str, str]] = {}
        self._filled: set[str] = set()
        self.witness = Witness(places.by("http"))
        self.close = self.witness.close

    def run(self, rows: Sequence[Row], tool: Tool, number: int) -> Iterator[tuple[str, Spent]]:
        """Run ``number`` of this tool: what each of ``rows`` took, as it comes.

        Raises :class:`FailedRun` where it fails or its result is not right.
        """
        if rows[0].stuff == MANY:
            yield from many.life(self, {row.name: row for row in rows}, tool, number)
            return
        for row in rows:
            kinds = {"put": self._upload, "put_tree": self._upload, "ls": self._list}
            yield row.name, kinds.get(row.verb, self._download)(row, tool, number)

    def _upload(self, row: Row, tool: Tool, number: int) -> Spent:
        prefix = f"{row.name}/{tool.name}-{number}/"
        count, size = self.sizes.of(row.stuff)
        try:
            spent = self.spend(row, tool, *self._local(row.stuff, prefix))
            same(tool, self.digests(row.stuff), self.witness.at_server(storage.digests, prefix))
        finally:
            self.witness.remove(prefix, count * size)
        return replace(spent, checked=f"read back, {SHA256}", moved=count * size)

    def _download(self, row: Row, tool: Tool, number: int) -> Spent:
        count, size = self.sizes.of(row.stuff)
        source, _, key = self._local(row.stuff, self._source(row.stuff))
        with self.fetched() as target:
            spent = self.spend(row, tool, str(target / "large.bin" if source.endswith(".bin") else target), BUCKET, key)
            same(tool, self.digests(row.stuff), self.witness.ask(storage.local_digests, target))
        return replace(spent, checked=SHA256, moved=count * size)

    def _list(self, row: Row, tool: Tool, number: int) -> Spent:
        if row.stuff != "listed":
            return self.list_tree(row, tool, self._source(row.stuff))
        with self.output() as output:
            spent = self.spend(row, tool, "", LISTED, "", stdout=output)
            if wrong := _listing_wrong(output, self.sizes.listed):
                raise FailedRun(f"{tool.name} listed wrongly: {wrong}")
        return replace(spent, checked="each key once")

    # -- what its rows share

    def list_tree(self, row: Row, tool: Tool, prefix: str) -> Spent:
        """A listing of the row's files below ``prefix``, each exactly once."""
        with self.output() as output:
            spent = self.spend(row, tool, "", BUCKET, prefix, stdout=output)
            lines = (line.split()[-1] for line in output.read_text().splitlines() if line.endswith(".bin"))
            names = sorted("/".join(line.split("/")[-2:]) for line in lines)
        if names != sorted(self.digests(row.stuff)):
            raise FailedRun(f"{tool.name} listed {len(names)} keys that are not the {len(self.digests(row.stuff))}")
        return replace(spent, checked="each key once")

    def spend(self, row: Row, tool: Tool, local: str, bucket: str, key: str, stdout: Path | None = None) -> Spent:
        """One run of the row's verb, measured and not yet checked."""
        home = self._folder / "homes" / tool.name
        home.mkdir(parents=True, exist_ok=True)
        env = tool.environment(self._places.by(row.way), home, self._programs)
        os.sync()  # what others wrote is not this run's to wait for
        return spend(tool.verbs[row.verb](local, bucket, key), env=env, stdout=stdout)

    def folder(self, stuff: str) -> Path:
        """Where those files are."""
        folder = self._folder / stuff
        if not folder.exists():
            self.witness.ask(storage.make_files, folder, *self.sizes.of(stuff))
        return folder

    def digests(self, stuff: str, kind: str = "sha256") -> dict[str, str]:
        """Of those files, by their paths below the folder."""
        if (stuff, kind) not in self._known:
            self._known[stuff, kind] = self.witness.ask(storage.local_digests, self.folder(stuff), kind)
        return self._known[stuff, kind]

    @contextlib.contextmanager
    def fetched(self) -> Iterator[Path]:
        """A folder for what a tool downloads."""
        target = self._folder / "downloaded"
        target.mkdir()
        try:
            yield target
        finally:
            shutil.rmtree(target)

    @contextlib.contextmanager
    def output(self) -> Iterator[Path]:
        """A file for what a tool prints."""
        output = self._folder / "listed.txt"
        try:
            yield output
        finally:
            output.unlink(missing_ok=True)

    def _source(self, stuff: str) -> str:
        """The prefix where those files are at the server."""
        prefix = f"source/{stuff}/"
        if prefix not in self._filled:
            self.witness.at_server(storage.fill, prefix, self.folder(stuff))
            self._filled.add(prefix)
        return prefix

    def _local(self, stuff: str, prefix: str) -> tuple[str, str, str]:
        """What is moved here, the bucket, and the key (ending in "/" for a tree)."""
        name = "large.bin" if stuff == "large" else ""
        return str(self.folder(stuff) / name), BUCKET, prefix + name


def same(tool: Tool, expected: dict[str, str], found: dict[str, str]) -> None:
    """Raises :class:`FailedRun` unless these files are those."""
    if wrong := [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]:
        raise FailedRun(f"{tool.name}: {len(wrong)} of {len(expected)} are not identical, {sorted(wrong)[0]} for one")


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
