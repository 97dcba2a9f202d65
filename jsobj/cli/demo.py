"""``jsobj demo``: the whole way once, as a newcomer would go it, on a cloud and in a HOME of its own."""

from __future__ import annotations

import json
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

from jsobj.cli.frame import command
from jsobj.cli.world import World
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.sandbox.status import Status

_STEP_SECONDS = 120

# What users write themselves after `jsobj ec2-creds`: no endpoint, no region, no key; only the profile's name.
_BOTO3 = """
import boto3, hashlib, pathlib, sys
bucket, source, fetched = sys.argv[1:]
s3 = boto3.Session(profile_name="demo").client("s3")
digest = lambda data: hashlib.sha256(data).hexdigest()
names = sorted(path.name for path in pathlib.Path(source).iterdir())
for name in names:
    data = s3.get_object(Bucket=bucket, Key=f"measurements/{name}")["Body"].read()
    for folder in (source, fetched):
        assert digest(data) == digest(pathlib.Path(folder, name).read_bytes()), f"{folder}/{name} differs"
print(f"{len(names)} objects: the same sha256 here, on the server and fetched")
"""
_S3FS = """
import hashlib, pathlib, s3fs, sys
bucket, source = sys.argv[1:]
fs = s3fs.S3FileSystem(profile="demo")
name = f"{bucket}/measurements/data.bin"
assert name in fs.ls(f"{bucket}/measurements")
data, wanted = fs.cat_file(name), pathlib.Path(source, "data.bin").read_bytes()
assert hashlib.sha256(data).digest() == hashlib.sha256(wanted).digest(), "the bytes differ"
print(f"read {name}: {len(data)} bytes, the same digest")
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is for, the words as a user types them, and the process that is run."""

    title: str
    typed: str
    argv: tuple[str, ...]
    stdin: Path | None = None


@command("demo")
@click.option("--keep", is_flag=True, help="Leave the cloud running and its folder in place.")
@click.option("--dir", "folder", metavar="DIR", default="", help="New folder to work in; default: a temporary one.")
def demo(world: World, keep: bool, folder: str) -> None:
    """Run the whole way once, on a cloud of its own.

    Starts a real Keystone and Swift on 127.0.0.1, logs in, creates a bucket, makes S3 keys, sends, compares and fetches
    data and reads it with boto3 and s3fs, naming each command. Your own files are not touched: it has its own HOME.
    """
    from jsobj.sandbox.requirements import check_packages
    from jsobj.ui.documents import Record

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


def _start_cloud(world: World, folder: Path) -> Status:
    from jsobj.sandbox.lifecycle import start

    began = time.monotonic()
    state = start(folder, say=world.out.detail)
    world.out.note(f"A cloud of its own is running: Keystone {state.auth_url}, Swift {state.s3_endpoint}")
    world.out.note(f"    jsobj sandbox start   ({time.monotonic() - began:.1f} s)")
    return state


def _stop_cloud(world: World, folder: Path) -> None:
    from jsobj.sandbox.lifecycle import stop

    stop(folder)
    world.out.note("The cloud is stopped and everything is cleared away.")
    world.out.note("    jsobj sandbox reset")


def _walk(world: World, place: Path, state: Status) -> list[dict[str, object]]:
    source = place / "data"
    _make_data(source)
    environ = _own_environment(place, state)
    done: list[dict[str, object]] = []
    bucket = ""
    for step in _steps(state):
        result = _do(world, step, environ, place)
        bucket = bucket or str(result.get("name", ""))
        done.append({"title": step.title, "command": step.typed, "seconds": result["seconds"]})
    for step in (*_transfers(bucket), *_readers(bucket, source, place / "fetched")):
        result = _do(world, step, environ, place)
        done.append({"title": step.title, "command": step.typed, "seconds": result["seconds"]})
    return done


def _make_data(folder: Path) -> None:
    """One file that is sent in parts, and some small ones; not random, so that a failure can be looked at."""
    folder.mkdir()
    (folder / "data.bin").write_bytes(b"".join(number.to_bytes(8, "big") for number in range(40 * 1024 * 1024 // 8)))
    for number in range(20):
        (folder / f"part-{number:02d}.csv").write_text("".join(f"{line},{number}\n" for line in range(number * 100)))


def _own_environment(place: Path, state: Status) -> Mapping[str, str]:
    from jsobj.sandbox.shell import shell_environment

    home = place / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    environ = os.environ  # noqa: TID251 - the children's surroundings are made of ours
    return {**shell_environment(state.folder, environ), "HOME": str(home)}


def _words(*typed: str) -> tuple[str, ...]:
    """The process for a command of ours."""
    return (sys.executable, "-m", "jsobj", *typed, "--json", "--no-input")


def _transfers(bucket: str) -> list[Step]:
    place = f"s3://{bucket}/measurements"
    return [
        Step(
            "Send a folder: several requests at once, each one verified; what is cut off goes on later.",
            *_typed("upload", "data", place),
        ),
        Step("Compare the folder with the objects, without fetching them.", *_typed("verify", "data", place)),
        Step("See what is there.", *_typed("ls", f"{place}/")),
        Step("Fetch it again.", *_typed("download", place, "fetched")),
    ]


def _typed(*typed: str) -> tuple[str, tuple[str, ...]]:
    return f"jsobj {' '.join(typed)}", _words(*typed)


def _steps(state: Status) -> list[Step]:
    rc, password = state.files["openrc-password"], state.files["password"]
    return [
        Step(
            "Log in with the portal's file; the openstack command works from here on.",
            f"jsobj login {rc.name} --as demo --password-stdin < {password.name}",
            _words("login", str(rc), "--as", "demo", "--password-stdin"),
            stdin=password,
        ),
        Step(
            "Create a bucket (no S3 keys yet: the Swift API does it).",
            "jsobj bucket create demo --unique",
            _words("bucket", "create", "demo", "--unique"),
        ),
        Step(
            "Make S3 keys and the AWS profile; aws, boto3 and s3fs work from here on.",
            "jsobj ec2-creds",
            _words("ec2-creds"),
        ),
        Step("List the buckets over S3.", "jsobj bucket list", _words("bucket", "list")),
        Step(
            "Test everything, from the files to objects written and read.", "jsobj doctor", _words("doctor", "--strict")
        ),
    ]


def _readers(bucket: str, source: Path, fetched: Path) -> list[Step]:
    return [
        Step(
            "Read it with plain boto3, given only the profile's name, and compare.",
            'boto3.Session(profile_name="demo").client("s3").get_object(...)',
            (sys.executable, "-c", _BOTO3, bucket, str(source), str(fetched)),
        ),
        Step(
            "Read it with s3fs, as xarray and zarr do.",
            's3fs.S3FileSystem(profile="demo").cat_file(...)',
            (sys.executable, "-c", _S3FS, bucket, str(source)),
        ),
    ]


def _do(world: World, step: Step, environ: Mapping[str, str], place: Path) -> dict[str, object]:
    began = time.monotonic()
    stdin = step.stdin.read_bytes() if step.stdin else b""
    try:
        ended = subprocess.run(  # noqa: S603 - our own words and interpreter
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
    if not out.startswith("{"):
        world.out.note(f"    {out}")
        return {"seconds": seconds}
    return {**json.loads(out), "seconds": seconds}


def _failed(step: Step, said: str) -> JsobjError:
    return JsobjError(
        "demo-step-failed",
        f"this step of the demo failed: {step.typed}",
        code=ExitCode.FAILURE,
        context=said,
        hint="run jsobj demo --keep to look at the cloud that it leaves",
    )
