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
bucket, source, target = sys.argv[1:]
s3 = boto3.Session(profile_name="demo").client("s3")
s3.upload_file(source, bucket, "measurements/data.bin")
keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
assert keys == ["measurements/data.bin"], keys
s3.download_file(bucket, "measurements/data.bin", target)
digest = lambda path: hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
assert digest(source) == digest(target), "the bytes differ"
print(f"{pathlib.Path(source).stat().st_size} bytes up and down, sha256 {digest(target)[:16]}... on both sides")
"""
_S3FS = """
import hashlib, pathlib, s3fs, sys
bucket, source = sys.argv[1:]
fs = s3fs.S3FileSystem(profile="demo")
names = fs.ls(f"{bucket}/measurements")
data = fs.cat_file(names[0])
assert hashlib.sha256(data).digest() == hashlib.sha256(pathlib.Path(source).read_bytes()).digest(), "the bytes differ"
print(f"read {names[0]}: {len(data)} bytes, the same digest")
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

    Starts a real Keystone and Swift on 127.0.0.1, logs in, creates a bucket, makes S3 keys, sends and fetches data and
    reads it with boto3 and s3fs, naming each command. Your own files are not touched: it has a HOME of its own.
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
    source = place / "data.bin"
    # Twelve MiB, so that boto3 sends it in parts; not random, so that a failure can be looked at.
    source.write_bytes(b"".join(number.to_bytes(8, "big") for number in range(12 * 1024 * 1024 // 8)))
    environ = _own_environment(place, state)
    done: list[dict[str, object]] = []
    bucket = ""
    for step in _steps(state):
        result = _do(world, step, environ, place)
        bucket = bucket or str(result.get("name", ""))
        done.append({"title": step.title, "command": step.typed, "seconds": result["seconds"]})
    for step in _readers(bucket, source, place):
        result = _do(world, step, environ, place)
        done.append({"title": step.title, "command": step.typed, "seconds": result["seconds"]})
    return done


def _own_environment(place: Path, state: Status) -> Mapping[str, str]:
    from jsobj.sandbox.shell import shell_environment

    home = place / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    environ = os.environ  # noqa: TID251 - the children's surroundings are made of ours
    return {**shell_environment(state.folder, environ), "HOME": str(home)}


def _steps(state: Status) -> list[Step]:
    def words(*typed: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "jsobj", *typed, "--json", "--no-input")

    rc, password = state.files["openrc-password"], state.files["password"]
    return [
        Step(
            "Log in with the portal's file; the openstack command works from here on.",
            f"jsobj login {rc.name} --as demo --password-stdin < {password.name}",
            words("login", str(rc), "--as", "demo", "--password-stdin"),
            stdin=password,
        ),
        Step(
            "Create a bucket (no S3 keys yet: the Swift API does it).",
            "jsobj bucket create demo --unique",
            words("bucket", "create", "demo", "--unique"),
        ),
        Step(
            "Make S3 keys and the AWS profile; aws, boto3 and s3fs work from here on.",
            "jsobj ec2-creds",
            words("ec2-creds"),
        ),
        Step("List the buckets over S3.", "jsobj bucket list", words("bucket", "list")),
        Step(
            "Test everything, from the files to objects written and read.", "jsobj doctor", words("doctor", "--strict")
        ),
    ]


def _readers(bucket: str, source: Path, place: Path) -> list[Step]:
    target = place / "data.back"
    return [
        Step(
            "Send a file, list it, fetch it, compare: plain boto3, given only the profile's name.",
            'boto3.Session(profile_name="demo").client("s3").upload_file(...); .download_file(...)',
            (sys.executable, "-c", _BOTO3, bucket, str(source), str(target)),
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
