"""What jsobj sync, aws s3 sync, rclone sync and s5cmd sync do with the same folder, and how long a run takes that has
nothing to do.

    python tests/bench/sync.py --programs /path/to/bin --rounds 5

Each tool with a bucket prefix of its own, at one Ceph RGW. What is printed was seen: exit codes, and objects by their
ETags and times.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the servers that tests and benches share

import boto3
from botocore.config import Config
from processes import Spent, median, spend
from servers import Place, gateway
from tools import environment

BUCKET = "jsobj-sync"
FILES, TINY = 300, 200
LARGE = 64 << 20  # bytes of the file that changes during a run
_BLOCK = 1 << 20
_LATER = 2.5  # seconds after which a file's time of change is believed by all

Words = Callable[[str, str], list[str]]


def _rclone(place: str) -> str:
    return place.replace("s3://", "bench:")


def _everything(place: str) -> str:
    return f"{place}*" if place.startswith("s3://") else place


# SRC and DEST end in a slash; each tool as its documentation recommends for many files. rclone always deletes.
SYNC: dict[str, Words] = {
    "jsobj": lambda source, target: ["jsobj", "sync", source, target, "--delete", "--max-delete", "100%"],
    "aws": lambda source, target: ["aws", "s3", "sync", source, target, "--delete"],
    "rclone": lambda source, target: [
        *("rclone", "sync", "--fast-list", "--checksum", "--transfers", "16", "--checkers", "32"),
        *("--s3-no-check-bucket", _rclone(source), _rclone(target)),
    ],
    "s5cmd": lambda source, target: ["s5cmd", "sync", "--delete", _everything(source), target],
}


@dataclass(frozen=True)
class Scene:
    """One tool, its prefix and its folders."""

    tool: str
    env: dict[str, str]
    folder: Path
    boto: Any

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/{self.folder.name}/"

    def words(self, source: object, target: object) -> list[str]:
        return SYNC[self.tool](f"{str(source).rstrip('/')}/", f"{str(target).rstrip('/')}/")

    def run(self, source: object, target: object) -> int:
        """One sync; its exit code."""
        done = subprocess.run(
            self.words(source, target), env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True
        )
        return done.returncode

    def objects(self) -> dict[str, tuple[str, str]]:
        """Name to ETag and time."""
        pages = self.boto.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{self.folder.name}/")
        found = (item for page in pages for item in page.get("Contents", ()))
        return {i["Key"].partition("/")[2]: (i["ETag"].strip('"'), str(i["LastModified"])) for i in found}

    def alike(self) -> bool:
        """Whether the prefix has just what the folder has."""
        return {name: etag for name, (etag, _) in self.objects().items()} == _digests(self.tree)

    def copied_by(self, *runs: tuple[object, object]) -> int:
        """How many objects the last of these syncs has written."""
        for source, target in runs[:-1]:
            self.run(source, target)
        time.sleep(_LATER)
        before = self.objects()
        self.run(*runs[-1])
        after = self.objects()
        return sum(before.get(name) != state for name, state in after.items())


def _digests(base: Path) -> dict[str, str]:
    every = (path for path in base.rglob("*") if path.is_file())
    return {str(path.relative_to(base)): hashlib.md5(path.read_bytes()).hexdigest() for path in every}


def _make(base: Path, count: int) -> Path:
    for number in range(count):
        path = base / f"d{number // 500:02}" / f"{number:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(TINY))
        os.utime(path, (1_700_000_000, 1_700_000_000 + number))
    return base


# -- what is looked at, each with a prefix of its own


def round_trip(scene: Scene) -> str:
    """Up, down to another folder, up again from there."""
    back = scene.folder / "back"
    back.mkdir()
    return f"{scene.copied_by((scene.tree, scene.url), (scene.url, back), (back, scene.url))} copied"


def touched(scene: Scene) -> str:
    """Every file gets a new time, and keeps its bytes."""
    scene.run(scene.tree, scene.url)
    for path in scene.tree.rglob("*.bin"):
        path.touch()
    return f"{scene.copied_by((scene.tree, scene.url))} copied"


def kept_size_and_time(scene: Scene) -> str:
    """One file gets other bytes, of the same number, and its old time back."""
    scene.run(scene.tree, scene.url)
    path = scene.tree / "d00" / "00007.bin"
    path.write_bytes(os.urandom(TINY))
    os.utime(path, (1_700_000_000, 1_700_000_007))
    return f"{scene.copied_by((scene.tree, scene.url))} copied"


def one_refused(scene: Scene) -> str:
    """A path of more than 1024 bytes, which no key can have; and an object that the source does not have."""
    deep = scene.tree.joinpath(*["x" * 250] * 5)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"too deep")
    scene.boto.put_object(Bucket=BUCKET, Key=f"{scene.folder.name}/gone", Body=b"there")
    code = scene.run(scene.tree, scene.url)
    found = scene.objects()
    return f"exit {code}; {len(found.keys() - {'gone'})} of {FILES + 1} there; {_deleted('gone' not in found)}"


def _deleted(yes: bool) -> str:
    return "deleted all the same" if yes else "nothing deleted"


def empty_source(scene: Scene) -> str:
    """An empty folder, as where nothing is mounted."""
    scene.run(scene.tree, scene.url)
    empty = scene.folder / "empty"
    empty.mkdir()
    code = scene.run(empty, scene.url)
    return f"exit {code}; {len(scene.objects())} of {FILES} left"


def killed(scene: Scene) -> str:
    """``kill -9`` once a third of the objects are there; then run again."""
    with subprocess.Popen(
        scene.words(scene.tree, scene.url), env=scene.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and len(scene.objects()) < FILES // 3:
            time.sleep(0.01)
        early = process.poll() is None
        process.send_signal(signal.SIGKILL)
    code = scene.run(scene.tree, scene.url)
    begun = "killed" if early else "was too quick to be killed"
    return f"{begun}; then exit {code}, {'alike' if scene.alike() else 'not alike'}"


def changing(scene: Scene) -> str:
    """A file that is written to during the whole run: the object may have no mixture of its states."""
    path, over = scene.tree / "changing", threading.Event()
    path.write_bytes(bytes(LARGE))

    def write() -> None:
        with path.open("r+b", buffering=0) as file:
            while not over.is_set():
                file.seek(0)
                value = bytes([(file.read(1)[0] + 1) % 256]) * _BLOCK
                file.seek(0)
                for _ in range(LARGE // _BLOCK):
                    file.write(value)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        code = scene.run(scene.tree, scene.url)
    finally:
        over.set()
        writer.join()
    if "changing" not in scene.objects():
        return f"exit {code}; not there"
    body = scene.boto.get_object(Bucket=BUCKET, Key=f"{scene.folder.name}/changing")["Body"].read()
    return f"exit {code}; there, {'of one state' if len(set(body)) == 1 else 'a mixture of its states'}"


CASES: dict[str, Callable[[Scene], str]] = {
    "up, down elsewhere, up again": round_trip,
    "`touch` of all, again": touched,
    "other bytes, same size and time": kept_size_and_time,
    "one file refused": one_refused,
    "source empty, with deletion": empty_source,
    "`kill -9`, then again": killed,
    "a file changes all the time": changing,
}


def nothing_to_do(scene: Scene, count: int, rounds: int) -> Spent:
    """Median of runs over a tree that is there already; each must leave every object as it was."""
    tree = _make(scene.folder / "many", count)
    scene.run(tree, scene.url)
    time.sleep(_LATER)
    spend(scene.words(tree, scene.url), env=scene.env)
    before = scene.objects()
    found = median([spend(scene.words(tree, scene.url), env=scene.env) for _ in range(rounds)])
    assert scene.objects() == before, "objects of a finished sync were changed"
    return found


@contextlib.contextmanager
def scenes(place: Place, programs: Path, base: Path, jsobj: str) -> Iterator[Callable[[str, str], Scene]]:
    """Makes a scene of a tool, under a name of its own."""
    own = Config(
        signature_version="s3v4", s3={"addressing_style": "path"}, request_checksum_calculation="when_required"
    )
    words = {"endpoint_url": place.endpoint, "region_name": place.region, "config": own}
    with contextlib.closing(
        boto3.client("s3", aws_access_key_id=place.access, aws_secret_access_key=place.secret, **words)
    ) as boto:
        boto.create_bucket(Bucket=BUCKET)

        def make(tool: str, name: str) -> Scene:
            folder = base / f"{tool}-{name}"
            home = base / "homes" / tool
            home.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
            env = environment(place, home, programs)
            return Scene(tool, {**env, "PATH": f"{jsobj}:{env['PATH']}"}, folder, boto)

        yield make


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--programs", type=Path, default=Path(sys.executable).parent, help="where the peers are")
    made.add_argument("--jsobj", type=Path, default=Path(sys.executable).parent, help="the folder of jsobj itself")
    made.add_argument("--tools", type=lambda text: text.split(","), default=list(SYNC))
    made.add_argument("--many", type=int, default=20_000, help="files of the run that has nothing to do; 0: without it")
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--clock", action="store_true", help="only the time of a run that has nothing to do")
    made.add_argument("--folder", type=Path, help="where files lie")
    options = made.parse_args()
    base = Path(tempfile.mkdtemp(prefix="sync-bench-", dir=options.folder))
    rows: dict[str, list[str]] = {}
    try:
        with (
            gateway(base / "gateway") as place,
            scenes(place, options.programs.absolute(), base, str(options.jsobj.absolute())) as make,
        ):
            for tool in options.tools:
                if options.many:
                    spent = nothing_to_do(make(tool, "many"), options.many, options.rounds)
                    text = f"{spent.wall:.2f} s, CPU {spent.cpu:.2f} s, {spent.rss >> 20} MiB"
                    rows.setdefault(f"nothing to do, {options.many} files", []).append(text)
                for number, (title, look) in enumerate([] if options.clock else CASES.items()):
                    scene = make(tool, str(number))
                    _make(scene.tree, FILES)
                    rows.setdefault(title, []).append(look(scene))
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"| | {' | '.join(options.tools)} |")
    print("|---" * (len(options.tools) + 1) + "|")
    for title, cells in rows.items():
        print(f"| {title} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
