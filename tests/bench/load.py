"""Load: what jsobj takes where there is very much, with few open files allowed.

    python tests/bench/load.py                      # 100 000 objects of 4 KiB, 50 GiB, a million keys
    python tests/bench/load.py --objects 2000 --sparse 1 --listed 100000

Each step is a process of its own that may have 256 files open. Objects go to a Ceph RGW of the bench's own, the sparse
file to a server that keeps no bytes, the plan is of a server that can only list. Prints wall and CPU seconds, peak
memory, and what was checked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "transfer"))

import storage
from processes import FailedRun, Spent, spend
from servers import LISTED, Place, Places, gateway
from session import say, scratch
from sink_server import sink_server
from tools import tools

BUCKET = "load"
_LIMITED = ("sh", "-c", 'ulimit -n 256; exec "$@"', "sh")
_SIZE = 4096


class Load:
    """The steps; each yields its title and what it took."""

    def __init__(self, folder: Path, jsobj: str) -> None:
        self._folder = folder
        self._tool = tools(Path(sys.executable).parent, jsobj)["jsobj"]
        self._start = [*jsobj.split()]
        (folder / "home").mkdir()

    def objects(self, place: Place, count: int) -> Iterator[tuple[str, Spent]]:
        """Up, listed, synced, verified, down, deleted."""
        files, target = self._folder / "files", self._folder / "down"
        say(f"making {count} files")
        storage.make_files(files, count, _SIZE)
        storage.make_bucket(place, BUCKET)
        url = f"s3://{BUCKET}/x"
        env = self._environment(place)
        yield "up", self._run(env, {"done": count, "verified": count}, "upload", f"{files}/", f"{url}/")
        yield "listed", self._listed(env, count, url)
        yield "synced, nothing to do", self._run(env, {"done": 0, "same": count}, "sync", str(files), url, "--delete")
        yield "verified", self._run(env, {"same": count}, "verify", f"{files}/", f"{url}/")
        yield "down", self._run(env, {"done": count, "verified": count}, "download", f"{url}/", str(target))
        same = storage.local_digests(files) == storage.local_digests(target)
        yield "deleted", self._run(env, {"done": count}, "rm", "-r", f"{url}/", "--yes")
        if not same:
            raise FailedRun("what came down is not what went up")

    def sparse(self, size: int) -> Iterator[tuple[str, Spent]]:
        """A file of ``size`` bytes of nothing, to a server that keeps nothing."""
        path = self._folder / "sparse.bin"
        with path.open("wb") as file:
            file.truncate(size)
        with sink_server() as origin:
            env = self._environment(Place(origin, "A" * 20, "s" * 40))
            url = "s3://sink/sparse.bin"
            yield (
                "one sparse file up",
                self._run(env, {"done": 1, "bytes": size, "verified": 1}, "upload", str(path), url),
            )
        path.unlink()

    def planned(self, place: Place, count: int) -> Iterator[tuple[str, Spent]]:
        """The plan of a sync that would fetch all keys of a listing."""
        plan, env = self._folder / "plan.ndjson", self._environment(place)
        words = ("sync", f"s3://{LISTED}/", str(self._folder / "nowhere"), "--plan", str(plan))
        spent = spend([*_LIMITED, *self._start, *words], env=env)
        with plan.open() as lines:
            planned = sum('"action": "copy"' in line for line in lines)
        if planned != count:
            raise FailedRun(f"{planned} of {count} keys are in the plan")
        plan.unlink()
        yield "planned", spent

    def _environment(self, place: Place) -> Mapping[str, str]:
        return self._tool.environment(place, self._folder / "home", Path(sys.executable).parent)

    def _run(self, env: Mapping[str, str], expected: Mapping[str, object], *words: str) -> Spent:
        output = self._folder / "said.json"
        spent = spend([*_LIMITED, *self._start, *words, "--json"], env=env, stdout=output)
        said = json.loads(output.read_text())
        if "items" in said:  # of verify
            said = Counter(item["state"] for item in said["items"])
        wrong = {name: said.get(name) for name, value in expected.items() if said.get(name) != value}
        if wrong:
            raise FailedRun(f"{words[0]} says {wrong}, and {dict(expected)} was expected")
        return spent

    def _listed(self, env: Mapping[str, str], count: int, url: str) -> Spent:
        output = self._folder / "listed.txt"
        spent = spend([*_LIMITED, *self._start, "ls", "-r", f"{url}/"], env=env, stdout=output)
        with output.open() as lines:
            if (found := sum(1 for _ in lines)) != count:
                raise FailedRun(f"{found} of {count} keys were listed")
        return spent


def main() -> None:
    """Print the table."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--objects", type=int, default=100_000, metavar="N")
    made.add_argument("--sparse", type=int, default=50, metavar="GIB")
    made.add_argument("--listed", type=int, default=1_000_000, metavar="N")
    made.add_argument("--folder", type=Path, help="where files are made; it needs N times 8 KiB")
    made.add_argument("--jsobj", default=f"{sys.executable} -m jsobj", help="the words that start it")
    options = made.parse_args()
    print("| step | wall s | CPU s | peak MiB | a second |\n|---|---|---|---|---|", flush=True)
    with scratch(options) as (folder, stack):
        load = Load(folder, options.jsobj)
        if options.objects:
            place = stack.enter_context(gateway(folder / "ceph"))
            for step, spent in load.objects(place, options.objects):
                _row(f"{options.objects} x 4 KiB {step}", spent, options.objects)
        if options.sparse:
            for step, spent in load.sparse(options.sparse << 30):
                _row(f"{options.sparse} GiB, {step}", spent, options.sparse << 30)
        if options.listed:
            places = Places(folder / "front", Place("", "A" * 20, "s" * 40), options.listed, stack)
            for step, spent in load.planned(places.by("listing"), options.listed):
                _row(f"{options.listed} keys {step}", spent, options.listed)


def _row(title: str, spent: Spent, number: int) -> None:
    rate = f"{number / spent.wall / 2**20:.0f} MiB" if number > 1 << 30 else f"{number / spent.wall:.0f}"
    print(f"| {title} | {spent.wall:.1f} | {spent.cpu:.1f} | {spent.rss / 2**20:.0f} | {rate} |", flush=True)


if __name__ == "__main__":
    main()
