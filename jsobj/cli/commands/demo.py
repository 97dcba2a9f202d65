"""``jsobj demo``: what a new user does, once, on a cloud and in a HOME of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError
from jsobj.ui.documents import Record

if TYPE_CHECKING:
    from jsobj.sandbox.status import SandboxStatus

_STEP_SECONDS = 120

_PLACE = "measurements/run1"  # on a cloud of its own every name is free

# What users write themselves. After `jsobj login`: a swift:// URL, and nothing of jsobj's.
_FSSPEC = """
import csv, fsspec, hashlib, pathlib, sys
place, source = sys.argv[1:]
files = fsspec.filesystem("swift")
names = sorted(path.name for path in pathlib.Path(source).iterdir())
digest = lambda data: hashlib.sha256(data).hexdigest()
for name in names:
    assert digest(files.cat_file(f"{place}/{name}")) == digest(pathlib.Path(source, name).read_bytes()), name
with fsspec.open(f"swift://{place}/part-03.csv", "rt") as table:
    rows = len(list(csv.reader(table)))
print(f"{rows} rows of part-03.csv; {len(names)} objects with the same sha256 as the files")
"""
# After `jsobj ec2-creds`: no endpoint, no region, no key; only the profile's name.
_BOTO3 = """
import boto3, hashlib, pathlib, sys
place, source, fetched = sys.argv[1:]
bucket, _, prefix = place.partition("/")
s3 = boto3.Session(profile_name="demo").client("s3")
digest = lambda data: hashlib.sha256(data).hexdigest()
names = sorted(path.name for path in pathlib.Path(source).iterdir())
for name in names:
    data = s3.get_object(Bucket=bucket, Key=f"{prefix}/{name}")["Body"].read()
    for folder in (source, fetched):
        assert digest(data) == digest(pathlib.Path(folder, name).read_bytes()), f"{folder}/{name} differs"
print(f"{len(names)} objects: the same sha256 here, on the server and fetched")
"""
_S3FS = """
import hashlib, pathlib, s3fs, sys
place, source = sys.argv[1:]
fs = s3fs.S3FileSystem(profile="demo")
name = f"{place}/data.bin"
assert name in fs.ls(place)
data, wanted = fs.cat_file(name), pathlib.Path(source, "data.bin").read_bytes()
assert hashlib.sha256(data).digest() == hashlib.sha256(wanted).digest(), "the bytes differ"
print(f"read {name}: {len(data)} bytes, the same digest")
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its purpose, the command as typed, and the process that is run."""

    title: str
    typed: str
    argv: tuple[str, ...]
    stdin: Path | None = None


@dataclass(frozen=True, slots=True)
class Road:
    """The steps of one way to work: with or without S3 keys."""

    name: str
    title: str
    steps: tuple[Step, ...]


@command("demo")
@click.option("--keep", is_flag=True, help="Leave the cloud running and its folder in place.")
@click.option("--dir", "folder", metavar="DIR", default="", help="New folder to work in; default: a temporary one.")
def demo(world: World, keep: bool, folder: str) -> None:
    """Run the whole way once, on a cloud of its own.

    Starts a real Keystone and Swift on 127.0.0.1. First with an application credential that gets no S3 keys: logs in,
    creates a bucket, sends and compares data and reads it with fsspec. Then makes S3 keys, fetches the data and reads
    it with boto3 and s3fs. It names each command, and your own files are not touched: it has its own HOME.
    """
    from jsobj.sandbox.requirements import check_packages

    check_packages(None)
    with _workplace(folder, keep=keep) as place:
        began = time.monotonic()
        state = _start_cloud(world, place / "cloud")
        try:
            done = _walk(world, place, state)
        finally:
            if not keep:
                _stop_cloud(world, place / "cloud")
        seconds = round(time.monotonic() - began, 1)
        data = {"steps": done, "seconds": seconds, "kept": str(place) if keep else None}
        lines = [("Demo", f"all {len(done)} steps worked, {seconds} s")]
        if keep:
            lines += [("Cloud", f"jsobj sandbox shell --dir {place / 'cloud'}"), ("Home", str(place / "home"))]
            lines += [("Clean up", f"jsobj sandbox reset --yes --dir {place / 'cloud'}; rm -r {place}")]
        world.out.show(Record("jsobj.demo/1", data, lines))


@contextmanager
def _workplace(folder: str, *, keep: bool) -> Iterator[Path]:
    if folder:
        place = Path(folder).absolute()
        if place.exists():
            raise JsobjError(
                "folder-exists", f"{place} exists already", code=ExitCode.REFUSED, hint="name a new folder: --dir DIR"
            )
        place.mkdir(parents=True, mode=0o700)
    else:
        place = Path(tempfile.mkdtemp(prefix="jsobj-demo-"))
    try:
        yield place
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)


def _start_cloud(world: World, folder: Path) -> SandboxStatus:
    from jsobj.sandbox.lifecycle import start

    began = time.monotonic()
    state = start(folder, say=world.out.detail)
    world.out.note("A cloud of its own is running: Keystone and Swift on 127.0.0.1.")
    world.out.note(f"    jsobj sandbox start   ({time.monotonic() - began:.1f} s)")
    return state


def _stop_cloud(world: World, folder: Path) -> None:
    from jsobj.sandbox.lifecycle import stop

    stop(folder)
    world.out.note("The cloud is stopped and everything is cleared away.")
    world.out.note("    jsobj sandbox reset")


def _walk(world: World, place: Path, state: SandboxStatus) -> list[dict[str, object]]:
    source = place / "data"
    _make_data(source)
    environ = _own_environment(place, state)
    done: list[dict[str, object]] = []
    for road in (_without_keys(state, source), _with_keys(state, source, place / "fetched")):
        world.out.note(f"\n{road.title}")
        for step in road.steps:
            seconds = _do(world, step, environ, place)
            done.append({"road": road.name, "title": step.title, "command": step.typed, "seconds": seconds})
    return done


def _make_data(folder: Path) -> None:
    """One file that is sent in parts, and small ones; not random, so that a failure can be examined."""
    folder.mkdir()
    (folder / "data.bin").write_bytes(b"".join(number.to_bytes(8, "big") for number in range(40 * 1024 * 1024 // 8)))
    for number in range(20):
        (folder / f"part-{number:02d}.csv").write_text("".join(f"{line},{number}\n" for line in range(number * 100)))


def _own_environment(place: Path, state: SandboxStatus) -> Mapping[str, str]:
    from jsobj.sandbox.shell import shell_environment

    home = place / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    environ = os.environ  # noqa: TID251 - the children inherit it
    return {**shell_environment(state.folder, environ), "HOME": str(home)}


def _words(*typed: str) -> tuple[str, ...]:
    """The process for a command of ours."""
    return (sys.executable, "-m", "jsobj", *typed, "--json", "--no-input")


def _typed(title: str, *typed: str) -> Step:
    return Step(title, f"jsobj {' '.join(typed)}", _words(*typed))


def _program(title: str, typed: str, program: str, *words: str | Path) -> Step:
    return Step(title, typed, (sys.executable, "-c", program, *map(str, words)))


def _without_keys(state: SandboxStatus, source: Path) -> Road:
    rc = state.files["app-cred-restricted"]
    return Road(
        "swift",
        "Without S3 keys: an application credential, as portals make it.",
        (
            Step(
                "Log in with the portal's file; the openstack command works from here on.",
                f"jsobj login {rc.name} --as demo",
                _words("login", str(rc), "--as", "demo"),
            ),
            _typed("Create a bucket.", "bucket", "create", "measurements"),
            _typed(
                "Send a folder, each file verified; cut off, it goes on later.", "upload", "data", f"swift://{_PLACE}"
            ),
            _typed("Compare the folder with the objects, fetching none.", "verify", "data", f"swift://{_PLACE}"),
            _typed("See what is there.", "ls", f"swift://{_PLACE}/"),
            _program(
                "Read it in Python by fsspec, as pandas, xarray and zarr do.",
                f'fsspec.open("swift://{_PLACE}/part-03.csv")',
                _FSSPEC,
                _PLACE,
                source,
            ),
            _typed("Test everything, from the files to objects written and read.", "doctor", "--strict"),
        ),
    )


def _with_keys(state: SandboxStatus, source: Path, fetched: Path) -> Road:
    password = state.files["password"]
    return Road(
        "s3",
        "With S3 keys, for programs that speak S3 alone. This Keystone gives them to a\nperson, not to an application "
        "credential: the password serves once.",
        (
            Step(
                "Make S3 keys and the AWS profile; aws, boto3 and s3fs work from here on.",
                f"jsobj ec2-creds --password-stdin < {password.name}",
                _words("ec2-creds", "--password-stdin"),
                stdin=password,
            ),
            _typed("The same objects over S3.", "ls", f"s3://{_PLACE}/"),
            _typed("Fetch them.", "download", f"s3://{_PLACE}", "fetched"),
            _program(
                "Read them with plain boto3, given only the profile's name, and compare.",
                'boto3.Session(profile_name="demo").client("s3").get_object(...)',
                _BOTO3,
                _PLACE,
                source,
                fetched,
            ),
            _program("Read one with s3fs.", 's3fs.S3FileSystem(profile="demo").cat_file(...)', _S3FS, _PLACE, source),
            _typed("Test everything again, now both ways.", "doctor", "--strict"),
        ),
    )


def _do(world: World, step: Step, environ: Mapping[str, str], place: Path) -> float:
    """Run a step and show it; its seconds. Raises :class:`JsobjError` if it fails."""
    began = time.monotonic()
    stdin = step.stdin.read_bytes() if step.stdin else b""
    try:
        ended = subprocess.run(  # noqa: S603 - our own command and interpreter
            step.argv,
            input=stdin,
            capture_output=True,
            env=dict(environ),
            cwd=place,
            timeout=_STEP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(step, f"no end after {_STEP_SECONDS} seconds") from error
    seconds = round(time.monotonic() - began, 2)
    if ended.returncode:
        raise _failed(step, ended.stderr.decode("utf-8", "replace")[-2000:].strip())
    out = ended.stdout.decode("utf-8", "replace").strip()
    world.out.note(step.title)
    world.out.note(f"    {step.typed}   ({seconds} s)")
    if not out.startswith("{"):  # output of a program; our own commands print JSON
        world.out.note(f"    {out}")
    return seconds


def _failed(step: Step, output: str) -> JsobjError:
    return JsobjError(
        "demo-step-failed",
        f"this step of the demo failed: {step.typed}",
        code=ExitCode.FAILURE,
        context=output,
        hint="run jsobj demo --keep to look at the cloud that it leaves",
    )
