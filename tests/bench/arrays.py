"""Arrays through jsobj's store beside the stores of s3fs, obstore and cloud-files: whole processes in turn, a table.

    python tests/bench/arrays.py --rows small-write,small-read --rounds 3

It starts a Ceph RGW of its own. Every chunk that was written is compared by SHA-256, every array read with its source.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

import storage
from array_rows import ARRAY_ROWS, CHUNKS, Chunks
from latency import far_away
from processes import FailedRun, Spent, spend
from rounds import measured, say
from rows import Row
from servers import EACH_WAY, Place, gateway
from table import Results, markdown
from tools import REPOSITORY, Tool
from witness import BUCKET, Witness

_WORK = str(Path(__file__).with_name("array_work.py"))
LIBRARIES = ("jsobj", "s3fs", "obstore", "cloud-files")


def library(name: str, python: str) -> Tool:
    """One way to the arrays; its words take (file, bucket, prefix), and the chunk's size comes behind them."""
    env = {"PYTHONPATH": str(REPOSITORY)} if name == "jsobj" else {"AWS_SESSION_TOKEN": ""}

    def words(verb: str) -> Callable[[str, str, str], list[str]]:
        return lambda file, bucket, prefix: [python, _WORK, name, verb, file, bucket, prefix]

    return Tool(name, {verb: words(verb) for verb in ("open", "write", "read")}, env)


class ArrayBench:
    """The arrays: their bytes in a file, as a local Zarr that tells each chunk's digest, and at the server."""

    def __init__(self, folder: Path, places: Mapping[str, Place], chunks: Mapping[str, Chunks], python: str) -> None:
        self._folder = folder
        self._places = places
        self._chunks = chunks
        self._python = python
        self._known: dict[str, dict[str, str]] = {}
        self._witness = Witness(places["http"])
        self.close = self._witness.close

    def run(self, row: Row, tool: Tool, number: int) -> Spent:
        """Run ``number`` of this library; raises :class:`FailedRun` where it fails or its bytes are not right."""
        source = self._source(row.stuff)
        if row.verb != "write":
            return self._spend(row, tool, f"source/{row.stuff}/")
        prefix, chunks = f"{row.name}/{tool.name}-{number}/", self._chunks[row.stuff]
        try:
            spent = self._spend(row, tool, prefix)
            found = self._witness.ask(storage.digests, self._places["http"], BUCKET, prefix)
            found.pop("zarr.json", None)  # each version of zarr words it in its own way
            if found != source:
                raise FailedRun(f"{tool.name}: the chunks at the server are not those that were written")
        finally:
            self._witness.remove(prefix, chunks.count * chunks.size)
        return spent

    def _source(self, stuff: str) -> dict[str, str]:
        """Chunk -> SHA-256, after making the array and putting it at the server for those that read."""
        if stuff not in self._known:
            chunks, local = self._chunks[stuff], self._folder / f"{stuff}.zarr"
            self._witness.ask(storage.make_files, self._folder / stuff, 1, chunks.count * chunks.size)
            words = [self._python, _WORK, "local", "write", self._file(stuff), "", str(local), str(chunks.size)]
            spend(words, env={"HOME": str(self._folder), "PATH": os.defpath})
            # Each chunk by one request, as all of these libraries write them.
            self._witness.ask(storage.fill, self._places["http"], BUCKET, f"source/{stuff}/", local, 2 * chunks.size)
            self._known[stuff] = self._witness.ask(storage.local_digests, local)
            del self._known[stuff]["zarr.json"]
        return self._known[stuff]

    def _file(self, stuff: str) -> str:
        return str(self._folder / stuff / "large.bin")

    def _spend(self, row: Row, tool: Tool, prefix: str) -> Spent:
        home = self._folder / "homes" / tool.name
        home.mkdir(parents=True, exist_ok=True)
        env = tool.environment(self._places[row.way], home, Path(self._python).parent)
        os.sync()  # what others wrote is not this run's to wait for
        words = tool.verbs[row.verb](self._file(row.stuff), BUCKET, prefix)
        return spend([*words, str(self._chunks[row.stuff].size)], env=env)


def main() -> None:
    options = _parsed()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell started it with SIGINT ignored
        signal.signal(number, lambda ended, _: sys.exit(128 + ended))
    results: Results = json.loads(options.results.read_text()) if options.results and options.results.exists() else {}
    chunks = {name: Chunks(max(1, int(of.count * options.part)), of.size) for name, of in CHUNKS.items()}
    if options.rounds:
        _measure(options, chunks, results)
    titles = {name: str(of) for name, of in chunks.items()}
    names = [name for name in LIBRARIES if any(name in found for found in results.values())]
    print(markdown(results, [row.titled(titles) for row in ARRAY_ROWS.values()], names))


def _measure(options: argparse.Namespace, chunks: Mapping[str, Chunks], results: Results) -> None:
    """All rows asked for, into ``results`` (and its file after each row)."""
    python = str(options.python.absolute())
    chosen = [library(name, python) for name in options.libraries]
    with (
        tempfile.TemporaryDirectory(prefix="jsobj-bench-", dir=options.folder) as name,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        (folder / "ceph").mkdir()
        place = stack.enter_context(gateway(folder / "ceph"))
        far = stack.enter_context(far_away(place.endpoint.removeprefix("http://"), seconds=EACH_WAY))
        places = {"http": place, "far": place.by_way_of(f"http://{far}")}
        bench = ArrayBench(folder, places, chunks, python)
        stack.callback(bench.close)
        for row in options.rows:
            results.setdefault(row, {}).update(measured(ARRAY_ROWS[row], chosen, options.rounds, bench.run))
            if options.results:
                options.results.write_text(json.dumps(results, indent=1))
            say(f"{row} is done")


def _among(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"no {unknown[0]}; there are {', '.join(known)}")
        return names

    return parse


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    rows = tuple(ARRAY_ROWS)
    parser.add_argument("--rows", type=_among(rows), default=list(rows), help=f"of {','.join(rows)}; default: all")
    parser.add_argument("--libraries", type=_among(LIBRARIES), default=list(LIBRARIES), help="default: all")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each; 0: only the table of --results")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="of the environment with all of them")
    parser.add_argument("--folder", type=Path, help="where files are made; default: the system's temporary folder")
    parser.add_argument("--results", type=Path, help="JSON file that keeps all runs; rows measured anew replace theirs")
    parser.add_argument("--part", type=float, default=1.0, help="part of the chunks, to try the bench: 0.01")
    return parser.parse_args()


if __name__ == "__main__":
    main()
