"""Arrays through jsobj's store beside the stores of s3fs, obstore and cloud-files: whole processes in turn, a table.

    python tests/bench/arrays.py --quick
    python tests/bench/arrays.py --rows small-write,small-read --rounds 3

It starts a Ceph RGW of its own. Every chunk that was written is compared by SHA-256, every array read with its source.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

import storage
from compared import DIGEST, NOTHING, UNKNOWN, Spoiler, flipped
from meddler import meddling
from processes import FailedRun, Spent, spend
from results import Results
from rows import Row, Target
from servers import Place, Places, gateway
from session import measure, parser, rounds, say, scratch
from table import binary, markdown
from tools import REPOSITORY, Tool
from witness import BUCKET, Witness

_WORK = str(Path(__file__).with_name("array_work.py"))
_WRONG = "what was read is not what was written"  # array_work.py ends with it
LIBRARIES = ("jsobj", "s3fs", "obstore", "cloud-files")


@dataclass(frozen=True, slots=True)
class Chunks:
    """An array's chunks: how many of how many bytes."""

    count: int
    size: int

    def __str__(self) -> str:
        return f"{self.count} x {binary(self.size)}"


SMALL, LARGE = "small", "large"
CHUNKS = {SMALL: Chunks(4000, 64 << 10), LARGE: Chunks(64, 16 << 20)}
_SMALL, _LARGE, _FAR = Target(1.0, 1.1), Target(1.0, 1.2), Target(0.6)
ROWS = {
    row.name: row
    for row in (
        Row("open", "opened, nothing read", "open", SMALL),
        Row("small-write", "{small} written", "write", SMALL, target=_SMALL),
        Row("small-read", "{small} read", "read", SMALL, target=_SMALL),
        Row("large-write", "{large} written", "write", LARGE, target=_LARGE),
        Row("large-read", "{large} read", "read", LARGE, target=_LARGE),
        Row("far-write", "{small} written, +25 ms each way", "write", SMALL, "http+25", _FAR),
        Row("far-read", "{small} read, +25 ms each way", "read", SMALL, "http+25", _FAR),
    )
}


def library(name: str, python: str, tree: Path) -> Tool:
    """One way to the arrays; its words take (file, bucket, prefix), and the chunk's size comes behind them."""
    env = {"PYTHONPATH": str(tree)} if name == "jsobj" else {"AWS_SESSION_TOKEN": ""}

    def words(verb: str) -> Callable[[str, str, str], list[str]]:
        return lambda file, bucket, prefix: [python, _WORK, name, verb, file, bucket, prefix]

    return Tool(name, {verb: words(verb) for verb in ("open", "write", "read")}, env=env)


class ArrayBench:
    """The arrays: their bytes in a file, as a local Zarr that tells each chunk's digest, and at the server."""

    def __init__(self, folder: Path, places: Places, chunks: Mapping[str, Chunks], python: str) -> None:
        self._folder = folder
        self._places = places
        self._chunks = chunks
        self._python = python
        self._known: dict[str, dict[str, str]] = {}
        self._witness = Witness(places.by("http"))
        self.close = self._witness.close

    def run(self, rows: Sequence[Row], tool: Tool, number: int) -> Iterator[tuple[str, Spent]]:
        """Run ``number`` of this library; raises :class:`FailedRun` where it fails or its bytes are not right."""
        for row in rows:
            yield row.name, self._one(row, tool, number)

    def look(self, tool: Tool) -> dict[str, str]:
        """What it compares of a chunk that it reads: shown over a way on which one bit of one is flipped."""
        row = ROWS["small-read"]
        self._source(SMALL)
        with meddling(self._places.by("http").endpoint) as way:
            spoiler = way.spoil = Spoiler("GET", flipped, least=self._chunks[SMALL].size)
            place = replace(self._places.by("http"), endpoint=way.origin)
            try:
                self._spend(row, tool, f"source/{SMALL}/", place)
                word = DIGEST
            except FailedRun as error:
                word = NOTHING if _WRONG in str(error) else DIGEST
        return {row.compared: word if spoiler.spoiled else UNKNOWN}

    def _one(self, row: Row, tool: Tool, number: int) -> Spent:
        source = self._source(row.stuff)
        if row.verb != "write":
            spent = self._spend(row, tool, f"source/{row.stuff}/")
            return replace(spent, checked="every byte read, with the source" if row.verb == "read" else "its shape")
        prefix, chunks = f"{row.name}/{tool.name}-{number}/", self._chunks[row.stuff]
        try:
            spent = self._spend(row, tool, prefix)
            found = self._witness.at_server(storage.digests, prefix)
            found.pop("zarr.json", None)  # each version of zarr words it in its own way
            if found != source:
                raise FailedRun(f"{tool.name}: the chunks at the server are not those that were written")
        finally:
            self._witness.remove(prefix, chunks.count * chunks.size)
        return replace(spent, checked="read back, every byte by SHA-256")

    def _source(self, stuff: str) -> dict[str, str]:
        """Chunk -> SHA-256, after making the array and putting it at the server for those that read."""
        if stuff not in self._known:
            chunks, local = self._chunks[stuff], self._folder / f"{stuff}.zarr"
            self._witness.ask(storage.make_files, self._folder / stuff, 1, chunks.count * chunks.size)
            words = [self._python, _WORK, "local", "write", self._file(stuff), "", str(local), str(chunks.size)]
            spend(words, env={"HOME": str(self._folder), "PATH": os.defpath})
            # Each chunk by one request, as all of these libraries write them.
            self._witness.at_server(storage.fill, f"source/{stuff}/", local, 2 * chunks.size)
            self._known[stuff] = self._witness.ask(storage.local_digests, local)
            del self._known[stuff]["zarr.json"]
        return self._known[stuff]

    def _file(self, stuff: str) -> str:
        return str(self._folder / stuff / "large.bin")

    def _spend(self, row: Row, tool: Tool, prefix: str, place: Place | None = None) -> Spent:
        home = self._folder / "homes" / tool.name
        home.mkdir(parents=True, exist_ok=True)
        env = tool.environment(place or self._places.by(row.way), home, Path(self._python).parent)
        os.sync()  # what others wrote is not this run's to wait for
        words = tool.verbs[row.verb](self._file(row.stuff), BUCKET, prefix)
        return spend([*words, str(self._chunks[row.stuff].size)], env=env)


def main() -> None:
    options = _parsed()
    part = options.part or (0.125 if options.quick else 1.0)
    chunks = {name: Chunks(max(1, int(of.count * part)), of.size) for name, of in CHUNKS.items()}
    rows = [row.titled({name: str(of) for name, of in chunks.items()}) for row in ROWS.values()]
    python = str(options.python.absolute())
    known = {name: library(name, python, REPOSITORY) for name in LIBRARIES}
    known |= {f"jsobj-{folder.name}": library("jsobj", python, folder) for folder in options.beside}
    found = Results.load(options.results)
    if rounds(options):
        asked = options.tools or LIBRARIES
        chosen = [replace(tool, name=name) for name, tool in known.items() if name in asked or name not in LIBRARIES]
        with scratch(options) as (folder, stack):
            place = stack.enter_context(gateway(folder / "ceph"))
            bench = ArrayBench(folder, Places(folder / "front", place, 0, stack), chunks, python)
            stack.callback(bench.close)
            for tool in chosen:
                say(f"what {tool.name} compares")
                found.compared[tool.name] = bench.look(tool)
            measure(found, ([row] for row in rows if row.name in options.rows), chosen, options, bench.run)
    print(markdown(found, rows, [name for name in known if name in found.names()]))


def _parsed() -> argparse.Namespace:
    made = parser(__doc__, list(ROWS), LIBRARIES, "an eighth of the chunks")
    made.add_argument("--python", type=Path, default=Path(sys.executable), help="of the environment with all of them")
    made.add_argument("--beside", type=Path, action="append", default=[], help="a working tree of jsobj, as one more")
    made.add_argument("--part", type=float, help="part of the chunks, to try the bench: 0.01")
    return made.parse_args()


if __name__ == "__main__":
    main()
