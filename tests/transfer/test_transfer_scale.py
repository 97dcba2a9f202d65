"""Much of everything within little memory: files, bytes, streams and listings. Larger figures by environment:

``JSOBJ_SCALE_FILES`` (2 000), ``JSOBJ_SCALE_GIB`` (2) and ``JSOBJ_SCALE_STREAM_MIB`` (300).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from commands import Jsobj
from sink_server import sink_server
from transfer_scene import IN_PARTS, MIB, PART, TransferScene, on_disk, sha, write_profile

FILES = int(os.environ.get("JSOBJ_SCALE_FILES", "2000"))
SPARSE = int(os.environ.get("JSOBJ_SCALE_GIB", "2")) * 1024**3
STREAM = int(os.environ.get("JSOBJ_SCALE_STREAM_MIB", "300")) * MIB
CEILING = 120 * MIB  # of resident memory, for transfers
ADDRESSES = 2048 * MIB  # of virtual memory: each thread's own heap reserves 64 MiB of it, and uses little
LISTING_CEILING = 100 * MIB
LISTING_SERVER = Path(__file__).parents[1] / "bench/listing_server.py"

# A small process between this one and jsobj: the kernel counts into a child's peak what its parent had at the fork.
_MEASURED = """
import resource, subprocess, sys
limit = int(sys.argv.pop(1)) or resource.RLIM_INFINITY
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024))
sys.exit(code)
"""


def measured(jsobj: Jsobj, *argv: str | Path, stdin: Any = subprocess.DEVNULL, addresses: int = 0) -> tuple[bytes, int]:
    """Standard output of a process, and its peak of resident memory in bytes; ``addresses``: a limit on all of it."""
    told = jsobj.home / "peak"
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(addresses), str(told), *jsobj.command(*argv)],
        env=jsobj.environment(),
        cwd=jsobj.folder,
        stdin=stdin,
        capture_output=True,
        timeout=1000,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout, int(told.read_text())


def transferred(jsobj: Jsobj, *argv: str | Path, stdin: Any = subprocess.DEVNULL, addresses: int = 0) -> Any:
    """The summary of a transfer that stayed below the ceiling."""
    out, peak = measured(jsobj, *argv, "--json", stdin=stdin, addresses=addresses)
    found = json.loads(out)
    print(f"{argv[0]}: {found['done']} done, {found['skipped']} skipped, {found['seconds']} s, {peak / MIB:.0f} MiB")  # noqa: T201
    assert peak <= CEILING
    return found


@pytest.fixture(scope="module")
def sink() -> Iterator[str]:
    """A server that keeps no bytes."""
    with sink_server() as origin:
        yield origin


def at_sink(tmp_path: Path, origin: str) -> tuple[Jsobj, Any]:
    """jsobj with a key for an origin, and boto3 as the witness."""
    jsobj = Jsobj(tmp_path / "sink-home", ())
    write_profile(jsobj, origin, "us-east-1", ("AKIAEXAMPLE", "no-secret-at-all"))
    jsobj.variables["AWS_PROFILE"] = "demo"
    session = boto3.Session("AKIAEXAMPLE", "no-secret-at-all", region_name="us-east-1")
    return jsobj, session.client("s3", endpoint_url=origin, config=Config(s3={"addressing_style": "path"}))


def test_the_sink_answers_as_a_gateway_does(over_s3: TransferScene, sink: str, tmp_path: Path) -> None:
    """The same uploads to both: the same documents, and to boto3 the same objects."""
    jsobj, boto = at_sink(tmp_path, sink)
    mixed = bytes(3 * MIB) + os.urandom(1000)
    files = {"empty": b"", "small": b"x", "zeros": bytes(2 * PART + 3), "mixed": mixed, "noise": os.urandom(PART + 1)}
    tree = over_s3.write(files)
    words = ("upload", f"{tree}/", f"s3://{over_s3.bucket}/", *IN_PARTS, "--json")
    here, there = over_s3(*words).json, jsobj(*words).json
    volatile = ("seconds", "bytes_per_second")
    assert {k: v for k, v in here.items() if k not in volatile} == {k: v for k, v in there.items() if k not in volatile}
    for name, data in files.items():
        real, fake = over_s3.head(name), boto.head_object(Bucket=over_s3.bucket, Key=name)
        for field in ("ETag", "ContentLength", "Metadata"):
            assert real[field] == fake[field], (name, field)
        assert sha(over_s3.get(name)) == sha(data)
    boto.close()


def test_l02_l03_p20_a_sparse_file_of_many_gibibytes(sink: str, tmp_path: Path) -> None:
    """Its holes are sent as zeros; memory does not grow with it, and neither do the addresses that are taken."""
    jsobj, boto = at_sink(tmp_path, sink)
    path = jsobj.folder / "sparse"
    with path.open("wb") as file:
        file.truncate(SPARSE)
        file.write(b"head")
    found = transferred(jsobj, "upload", path, "s3://bucket/sparse", addresses=ADDRESSES)
    assert (found["done"], found["verified"], found["bytes"]) == (1, 1, SPARSE)
    head = boto.head_object(Bucket="bucket", Key="sparse")
    assert head["ContentLength"] == SPARSE
    assert head["ETag"].endswith(f'-{-(-SPARSE // (16 * MIB))}"')
    boto.close()
    path.unlink()


def test_a_long_stream(sink: str, tmp_path: Path) -> None:
    jsobj, boto = at_sink(tmp_path, sink)
    with subprocess.Popen(["/usr/bin/head", "-c", str(STREAM), "/dev/zero"], stdout=subprocess.PIPE) as source:
        found = transferred(jsobj, "upload", "-", "s3://bucket/stream", stdin=source.stdout)
    assert (found["done"], found["verified"], found["bytes"]) == (1, 1, STREAM)
    assert boto.head_object(Bucket="bucket", Key="stream")["ContentLength"] == STREAM
    boto.close()


def test_large_files_compressed_at_once(sink: str, tmp_path: Path) -> None:
    """Four of them, which do not shrink."""
    jsobj, boto = at_sink(tmp_path, sink)
    (jsobj.folder / "tree").mkdir()
    for number in range(4):
        with (jsobj.folder / f"tree/{number}").open("wb") as file:
            for _ in range(40):
                file.write(os.urandom(MIB))
    found = transferred(jsobj, "upload", "tree/", "s3://bucket/packed/", "--compress", "zstd")
    assert (found["done"], found["verified"]) == (4, 4)
    assert boto.head_object(Bucket="bucket", Key="packed/0")["ContentEncoding"] == "zstd"
    boto.close()


def test_l01_many_small_files(over_s3: TransferScene) -> None:
    """Up, once more (nothing is sent), and down."""
    tree = over_s3.folder / "tree"
    for number in range(FILES):
        path = tree / f"{number % 20:02d}/{number:06d}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number * 50)
        os.utime(path, (1_600_000_000, 1_600_000_000))
    jsobj = over_s3.jsobj
    assert transferred(jsobj, "upload", f"{tree}/", over_s3.url())["verified"] == FILES
    again = transferred(jsobj, "upload", f"{tree}/", over_s3.url())
    assert (again["done"], again["skipped"], again["bytes"]) == (0, FILES, 0)
    assert transferred(jsobj, "download", over_s3.url(), "back")["verified"] == FILES
    wanted = on_disk(tree)
    assert on_disk(over_s3.folder / "back") == wanted
    keys = over_s3.keys()
    assert len(keys) == FILES
    assert {key: sha(over_s3.get(key)) for key in keys[::97]} == {key: wanted[key] for key in keys[::97]}


@pytest.mark.parametrize(("verb", "count"), [("ls", 1_000_000), ("du", 200_000)])
def test_l05_a_million_keys(tmp_path: Path, verb: str, count: int) -> None:
    """``ls`` and ``du`` hold a page or two, not the bucket."""
    words = [sys.executable, str(LISTING_SERVER), "bucket", str(count)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            jsobj, boto = at_sink(tmp_path, f"http://127.0.0.1:{server.stdout.readline().strip()}")
            boto.close()
            out, peak = measured(jsobj, verb, "s3://bucket/", *(["-r"] if verb == "ls" else ["--json"]))
            assert peak <= LISTING_CEILING
            assert out.count(b"\n") == count if verb == "ls" else str(count).encode() in out
        finally:
            server.kill()
