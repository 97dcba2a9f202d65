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
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_files
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError
from jsobj.ui.documents import Record

if TYPE_CHECKING:
    from jsobj.sandbox.status import SandboxStatus

_STEP_SECONDS = 120

_JSOBJ = (sys.executable, "-m", "jsobj")
_PLACE = "measurements/run1"  # on a cloud of its own every name is free
_WITHOUT_KEYS = "Without S3 keys: an application credential, as portals make it."
_WITH_KEYS = """With S3 keys, for programs that speak S3 alone. This Keystone gives them to a
person, not to an application credential: the password serves once."""

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


@command("demo")
@click.option("--keep", is_flag=True, help="Leave the cloud running and its folder in place.")
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    default="",
    help="New folder to work in; default: a temporary one.",
    shell_complete=complete_files,
)
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
        with _cloud(world, place / "cloud", keep=keep) as state:
            done = _walk(world, place, state)
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


@contextmanager
def _cloud(world: World, folder: Path, *, keep: bool) -> Iterator[SandboxStatus]:
    from jsobj.sandbox.lifecycle import start, stop

    began = time.monotonic()
    state = start(folder, say=world.out.detail)
    world.out.note("A cloud of its own is running: Keystone and Swift on 127.0.0.1.")
    world.out.note(f"    jsobj sandbox start   ({time.monotonic() - began:.1f} s)")
    try:
        yield state
    finally:
        if not keep:
            stop(folder)
            world.out.note("The cloud is stopped and everything is cleared away.")
            world.out.note("    jsobj sandbox reset")


def _walk(world: World, place: Path, state: SandboxStatus) -> list[dict[str, object]]:
    from jsobj.sandbox.shell import shell_environment

    source, home = place / "data", place / "home"
    _make_data(source)
    home.mkdir(mode=0o700, exist_ok=True)
    inherited = os.environ  # noqa: TID251 - the children inherit it
    environ = {**shell_environment(state.folder, inherited), "HOME": str(home)}
    ways = (
        ("swift", _WITHOUT_KEYS, _without_keys(state.files["app-cred-restricted"], source)),
        ("s3", _WITH_KEYS, _with_keys(state.files["password"], source, place / "fetched")),
    )
    done: list[dict[str, object]] = []
    for road, title, steps in ways:
        world.out.note(f"\n{title}")
        for step in steps:
            seconds = _do(world, step, environ, place)
            done.append({"road": road, "title": step.title, "command": step.typed, "seconds": seconds})
    return done


def _make_data(folder: Path) -> None:
    """One file that is sent in parts, and small ones; not random, so that a failure can be examined."""
    folder.mkdir()
    (folder / "data.bin").write_bytes(b"".join(number.to_bytes(8, "big") for number in range(40 * 1024 * 1024 // 8)))
    for number in range(20):
        (folder / f"part-{number:02d}.csv").write_text("".join(f"{line},{number}\n" for line in range(number * 100)))


def _ours(title: str, typed: str, *words: str, stdin: Path | None = None) -> Step:
    """A command of ours; ``words`` where it is not run as it is shown."""
    return Step(title, f"jsobj {typed}", (*_JSOBJ, *(words or typed.split()), "--json", "--no-input"), stdin)


def _program(title: str, typed: str, program: str, *words: str | Path) -> Step:
    return Step(title, typed, (sys.executable, "-c", program, *map(str, words)))


def _without_keys(rc: Path, source: Path) -> Iterator[Step]:
    there, login = f"swift://{_PLACE}", "Log in with the portal's file; the openstack command works from here on."
    yield _ours(login, f"login {rc.name} --as demo", "login", str(rc), "--as", "demo")
    yield _ours("Create a bucket.", "bucket create measurements")
    yield _ours("Send a folder, each file verified; cut off, it goes on later.", f"upload data {there}")
    yield _ours("Compare the folder with the objects, fetching none.", f"verify data {there}")
    yield _ours("See what is there.", f"ls {there}/")
    read = "Read it in Python by fsspec, as pandas, xarray and zarr do."
    yield _program(read, f'fsspec.open("{there}/part-03.csv")', _FSSPEC, _PLACE, source)
    yield _ours("Test everything, from the files to objects written and read.", "doctor --strict")


def _with_keys(password: Path, source: Path, fetched: Path) -> Iterator[Step]:
    there, make = f"s3://{_PLACE}", "Make S3 keys and the AWS profile; aws, boto3 and s3fs work from here on."
    typed = f"ec2-creds --password-stdin < {password.name}"
    yield _ours(make, typed, "ec2-creds", "--password-stdin", stdin=password)
    yield _ours("The same objects over S3.", f"ls {there}/")
    yield _ours("Fetch them.", f"download {there} fetched")
    read = "Read them with plain boto3, given only the profile's name, and compare."
    typed = 'boto3.Session(profile_name="demo").client("s3").get_object(...)'
    yield _program(read, typed, _BOTO3, _PLACE, source, fetched)
    yield _program("Read one with s3fs.", 's3fs.S3FileSystem(profile="demo").cat_file(...)', _S3FS, _PLACE, source)
    yield _ours("Test everything again, now both ways.", "doctor --strict")


def _do(world: World, step: Step, environ: Mapping[str, str], place: Path) -> float:
    """Run a step and show it; its seconds. Raises :class:`JsobjError` if it fails."""
    began = time.monotonic()
    stdin = step.stdin.read_text() if step.stdin else ""
    piped: dict[str, Any] = {"input": stdin, "capture_output": True, "encoding": "utf-8", "errors": "replace"}
    try:
        ended = subprocess.run(  # noqa: S603 - our own command and interpreter
            step.argv, **piped, env=environ, cwd=place, timeout=_STEP_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(step, f"no end after {_STEP_SECONDS} seconds") from error
    seconds = round(time.monotonic() - began, 2)
    if ended.returncode:
        raise _failed(step, ended.stderr[-2000:].strip())
    world.out.note(step.title)
    world.out.note(f"    {step.typed}   ({seconds} s)")
    if not ended.stdout.startswith("{"):  # output of a program; our own commands print JSON
        world.out.note(f"    {ended.stdout.strip()}")
    return seconds


def _failed(step: Step, output: str) -> JsobjError:
    return JsobjError(
        "demo-step-failed",
        f"this step of the demo failed: {step.typed}",
        code=ExitCode.FAILURE,
        context=output,
        hint="run jsobj demo --keep to look at the cloud that it leaves",
    )
