"""Many small files: as single objects, as one archive, and as CSC's a-put sends them; then one of them back.

    python tests/bench/packing.py                        # 20 000 files of 4 KiB, three rounds: about half an hour
    python tests/bench/packing.py --items 2000 --rounds 1

To a Ceph RGW of the bench's own, by S3. a-put is what its commands do, run as it runs them: tar into a temporary file,
zstd, one upload by rclone, then the object ``NAME_ameta`` with the list of files. All files are fetched back by each
way and compared.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

import storage
from meddler import meddling
from processes import FailedRun, Spent, median, spend
from servers import Place, gateway
from session import among, say, scratch
from tools import REPOSITORY, environment

BUCKET = "packing"
SIZE = 4096
JSOBJ = [sys.executable, "-m", "jsobj"]
MEMBER = "d050/00123.csv"
# As a-put and a-get run them; $0 is the folder's name, $1 the archive's.
A_PUT = (
    'set -e; tar -cf "$1" "$0"; rclone copyto "$1" bench:{bucket}/"$1"; '
    '{{ date; tar -tvf "$1"; }} > "$1_ameta"; rclone copyto "$1_ameta" bench:{bucket}/"$1_ameta"; rm "$1" "$1_ameta"'
)
A_PUT_ZSTD = (
    'set -e; tar -cf "${{1%.zst}}" "$0"; zstd -q --rm "${{1%.zst}}"; rclone copyto "$1" bench:{bucket}/"$1"; '
    '{{ date; zstd -dcq "$1" | tar -tvf -; }} > "$1_ameta"; rclone copyto "$1_ameta" bench:{bucket}/"$1_ameta"; '
    'rm "$1" "$1_ameta"'
)
A_GET = 'rclone cat bench:{bucket}/"$1" | {unzip} tar -xOf - "$0"'


@dataclass(frozen=True)
class Way:
    """One way to send, and to fetch one file, and all. ``keys``: of what it makes, below the bucket."""

    name: str
    send: list[str]
    one: list[str]
    all: list[str]
    prefix: str


def ways(folder: str) -> list[Way]:
    """All of them; ``{bucket}`` is in place."""
    url = f"s3://{BUCKET}"

    def packed(name: str, *more: str) -> Way:
        archive = f"{url}/{name}.zip"
        return Way(
            f"jsobj upload --pack{' (zstd)' if more else ''}",
            [*JSOBJ, "upload", "--pack", f"{folder}/", archive, "--progress", "none", *more],
            [*JSOBJ, "cat", f"{archive}!/{MEMBER}"],
            [*JSOBJ, "unpack", archive, "out", "--progress", "none"],
            f"{name}.zip",
        )

    def tarred(name: str, script: str, unzip: str) -> Way:
        sh = ["sh", "-c"]
        all_of_it = f"mkdir out; rclone cat bench:{BUCKET}/{name} | {unzip} tar -xf - -C out --strip-components=1"
        get = A_GET.format(bucket=BUCKET, unzip=unzip)
        return Way(
            f"a-put ({'tar + zstd' if unzip else 'tar'} + rclone)",
            [*sh, script.format(bucket=BUCKET), folder, name],
            [*sh, get, f"{folder}/{MEMBER}", name],
            [*sh, all_of_it],
            name,
        )

    single = Way(
        "jsobj upload (single objects)",
        [*JSOBJ, "upload", f"{folder}/", f"{url}/single/", "--progress", "none"],
        [*JSOBJ, "cat", f"{url}/single/{MEMBER}"],
        [*JSOBJ, "download", f"{url}/single/", "out", "--progress", "none"],
        "single/",
    )
    return [
        single,
        packed("stored"),
        packed("zstd", "--compress", "zstd"),
        tarred("plain.tar", A_PUT, ""),
        tarred("packed.tar.zst", A_PUT_ZSTD, "zstd -dcq |"),
    ]


def make(folder: Path, count: int) -> dict[str, bytes]:
    """Files of 4 KiB in folders of 200: lines of numbers."""
    chosen, files = random.Random(21), {}
    for number in range(count):
        rows = (",".join(f"{chosen.gauss(280, 9):.3f}" for _ in range(8)) for _ in range(65))
        text = "\n".join(rows)
        name = f"d{number // 200:03}/{number:05}.csv"
        files[name] = text.encode()[:SIZE]
    files[MEMBER] = files.pop(next(iter(files)))
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return files


class Bench:
    """Runs each way, and ends where something is wrong."""

    def __init__(self, place: Place, home: Path, files: dict[str, bytes]) -> None:
        self._place, self._home, self._files = place, home, files
        self._env = {**environment(place, home, Path(sys.executable).parent), "PYTHONPATH": str(REPOSITORY)}
        self._wanted = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}

    def send(self, way: Way) -> tuple[Spent, int, int]:
        """Into an empty place: what it took, objects and bytes."""
        storage.remove(self._place, BUCKET, way.prefix)
        spent = spend(way.send, env=self._env)
        there = storage.sizes(self._place, BUCKET, way.prefix)
        return spent, len(there), sum(there.values())

    def one(self, way: Way) -> Spent:
        """The one member."""
        target = self._home / "one"
        spent = spend(way.one, env=self._env, stdout=target)
        if target.read_bytes() != self._files[MEMBER]:
            raise FailedRun(f"{way.name}: another file came")
        return spent

    def all(self, way: Way) -> Spent:
        """Everything, into a folder that is not there."""
        spend(["rm", "-rf", "out"], env=self._env)
        spent = spend(way.all, env=self._env)
        if storage.local_digests(self._home / "out") != self._wanted:
            raise FailedRun(f"{way.name}: other files came")
        return spent

    def on_the_way(self, way: Way) -> tuple[int, int]:
        """Requests and bytes of answers for the one member."""
        moved = 0
        with meddling(self._place.endpoint) as between:

            def counted(passing: object) -> tuple[int, dict[str, str], bytes]:
                nonlocal moved
                answer: tuple[int, dict[str, str], bytes] = passing.ask()  # type: ignore[attr-defined]
                moved += len(answer[2]) if passing.method != "HEAD" else 0  # type: ignore[attr-defined]
                return answer

            between.spoil = counted
            there = Place(between.origin, self._place.access, self._place.secret, self._place.region)
            home = self._home.with_name("counted")
            home.mkdir(exist_ok=True)
            env = {**environment(there, home, Path(sys.executable).parent), "PYTHONPATH": str(REPOSITORY)}
            spend(way.one, env=env, stdout=home / "one")
            return len(between.seen), moved


def row(way: Way, bench: Bench, rounds: int) -> str:
    """A line of the table."""
    sent = [bench.send(way) for _ in range(rounds)]
    middle, (_, objects, size) = median([spent for spent, _, _ in sent]), sent[-1]
    cells = [f"{middle.wall:.1f} / {middle.cpu:.1f} / {middle.rss >> 20}", f"{objects}", f"{size / 2**20:.1f}"]
    for call in (bench.one, bench.all):
        runs: Callable[[Way], Spent] = call
        found = median([runs(way) for _ in range(rounds)])
        cells.append(f"{found.wall:.2f} / {found.cpu:.2f}")
    requests, moved = bench.on_the_way(way)
    cells.insert(4, f"{requests} / {moved / 1024:.0f}")
    return f"| {way.name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--items", type=int, default=20_000, help="files")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--ways", type=among([way.name for way in ways("")]), help="only these")
    words.add_argument("--folder", type=Path, help="where files are made")
    options = words.parse_args()
    with scratch(options) as (folder, stack):
        home = folder / "home"
        home.mkdir()
        place = stack.enter_context(gateway(folder / "ceph"))
        storage.make_bucket(place, BUCKET)
        files = make(home / "frames", options.items)
        bench = Bench(place, home, files)
        lines = []
        for way in ways("frames"):
            if not options.ways or way.name in options.ways:
                lines.append(row(way, bench, options.rounds))
                say(lines[-1])
    print(f"{options.items} files of {SIZE} bytes; wall s / CPU s / peak MiB\n")
    print("| | sent | objects | MiB there | one file | requests / KiB for it | all files |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
