"""Start, stop, show and delete a sandbox. Crash-only: what a killed command left is cleaned up by the next one.

All changes are made with a lock on the folder; ``status`` takes none.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError
from jsobj.locks import Lock, try_lock
from jsobj.sandbox import configuration, population, rcfiles, requirements, spawn
from jsobj.sandbox.layout import ASKED, SandboxPaths, private_file, write_private
from jsobj.sandbox.options import SandboxOptions
from jsobj.sandbox.record import SandboxRecord
from jsobj.sandbox.services import probe
from jsobj.sandbox.services.listeners import listeners
from jsobj.sandbox.status import SandboxStatus, User
from jsobj.secret import Secret

LOCK_SECONDS = 180.0
DEFAULTS = SandboxOptions()
LOG_TAIL = 1500  # characters


def start(
    folder: Path, options: SandboxOptions = DEFAULTS, *, say: Callable[[str], None] = lambda line: None
) -> SandboxStatus:
    """Start the sandbox in ``folder``, making it the first time; return when S3 and Swift answer.

    A running sandbox is left as it is, whatever the ``options``. ``say`` is called with one line for each step.

    Raises :class:`JsobjError`: ``sandbox-not-installed``, ``sandbox-needs-linux``, ``sandbox-no-xattrs``,
    ``sandbox-folder``, ``sandbox-did-not-start`` (LOCAL); ``sandbox-folder-not-ours``, ``sandbox-keystone-changed``
    (REFUSED); ``sandbox-busy`` (NETWORK).
    """
    requirements.check_packages(options.keystone_python)
    paths = SandboxPaths.of(folder)
    with _locked(paths):
        if paths.ready.exists() and spawn.running(paths):
            return status(folder)
        spawn.end_all(paths)
        requirements.check_attributes(paths.swift)
        record = _remembered(paths, options)
        record.location = options.location
        with listeners(record.ports) as sockets:
            record.ports = {name: listener.getsockname()[1] for name, listener in sockets.items()}
            record.save(paths.record)
            _configure(paths, record, options)
            paths.stopped.unlink(missing_ok=True)
            say("Starting Keystone and Swift ..." if record.complete else "Making a new cloud: Keystone and Swift ...")
            spawn.spawn(paths, record, sockets)
        try:
            _furnish(paths, record, say)
        except BaseException as error:
            _give_up(paths, error)
            raise
        paths.ready.touch(0o600)
        return status(folder)


def stop(folder: Path) -> bool:
    """Stop the sandbox and wait for all of its processes; whether something ran.

    Raises :class:`JsobjError` ``sandbox-folder-not-ours`` (REFUSED), ``sandbox-does-not-stop`` (FAILURE).
    """
    paths = _existing(folder, "stop")
    if paths is None:
        return False
    with _locked(paths):
        return spawn.end_all(paths)


def reset(folder: Path) -> None:
    """Stop the sandbox and delete its folder with everything in it.

    Raises :class:`JsobjError` ``sandbox-folder-not-ours`` (REFUSED) for a folder without our mark, and
    ``sandbox-folder-mounted`` (REFUSED) when something is mounted inside, since deleting would reach through it.
    """
    paths = _existing(folder, "delete")
    if paths is None:
        return
    paths.check_nothing_mounted()
    with _locked(paths):
        spawn.end_all(paths)
        for entry in paths.folder.iterdir():
            if entry in (paths.marker, paths.lock):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        # The marker goes last: a reset that was killed can be repeated.
        paths.lock.unlink()
        paths.marker.unlink()
        paths.folder.rmdir()


def _existing(folder: Path, verb: str) -> SandboxPaths | None:
    """The paths of a sandbox; None where nothing is. Raises ``sandbox-folder-not-ours``."""
    paths = SandboxPaths.of(folder)
    if not paths.folder.exists():
        return None
    if not paths.is_ours():
        raise paths.not_ours(verb)
    return paths


def status(folder: Path) -> SandboxStatus:
    """The sandbox as it is now. A folder that is missing or not ours is a sandbox that is not running."""
    paths = SandboxPaths.of(folder)
    record = SandboxRecord.load(paths.record)
    if record is None or not record.complete:
        return SandboxStatus(paths.folder, running=False)
    found = spawn.running(paths)
    is_running = bool(found) and paths.ready.exists()
    return SandboxStatus(
        folder=paths.folder,
        running=is_running,
        auth_url=record.auth_url,
        swift_url=record.swift_url("demo"),
        s3_endpoint=record.s3_endpoint,
        region=record.location,
        pids={name: process.pid for name, process in found.items()},
        ports=record.ports,
        files={role: paths.folder / name for role, name in rcfiles.names(record).items()},
        users=(*(User(name, *where) for name, where in population.MEMBERS.items()), User("admin", "admin", "admin")),
        projects=record.projects,
        reason="" if is_running else _read(paths.stopped).strip(),
    )


def password(folder: Path, user: str) -> Secret:
    """The password of ``alice``, ``rita``, ``otto`` or ``admin``. Raises ``sandbox-unknown-user`` (NOT_FOUND)."""
    record = SandboxRecord.load(SandboxPaths.of(folder).record)
    if record is None or user not in record.passwords:
        raise JsobjError("sandbox-unknown-user", f"the sandbox in {folder} has no user {user}", code=ExitCode.NOT_FOUND)
    return record.password(user)


def _remembered(paths: SandboxPaths, options: SandboxOptions) -> SandboxRecord:
    """The record of a complete sandbox; else a new one, after deleting what there is."""
    python = str(options.keystone_python or "")
    record = SandboxRecord.load(paths.record)
    if record is not None and record.complete:
        if record.keystone_python != python:
            sentence = f"the sandbox in {paths.folder} was made by another Keystone"
            hint = "use another folder, or delete this sandbox first: jsobj sandbox reset"
            raise JsobjError("sandbox-keystone-changed", sentence, code=ExitCode.REFUSED, hint=hint)
        return record
    for part in (paths.keystone, paths.swift):
        shutil.rmtree(part)
        part.mkdir(mode=0o700)
    record = SandboxRecord.new()
    record.keystone_python = python
    return record


def _configure(paths: SandboxPaths, record: SandboxRecord, options: SandboxOptions) -> None:
    write_private(paths.keystone / "keystone.conf", configuration.keystone_conf(options.token_seconds))
    write_private(paths.swift / "swift.conf", configuration.swift_conf(record.hash_suffix))
    for role in ("account", "container", "object"):
        write_private(paths.swift / f"{role}.conf", configuration.storage_conf(role, record.ports[role]))
    proxy = configuration.proxy_conf(record.ports, record.location, record.passwords["swift"])
    write_private(paths.swift / "proxy.conf", proxy)


def _furnish(paths: SandboxPaths, record: SandboxRecord, say: Callable[[str], None]) -> None:
    """Fill a new cloud, update the catalogue, write the files, prove that it works."""
    expired_at = 0.0
    if not record.complete:
        expired_at = population.populate(record)
        say("Users, projects and application credentials are made.")
    population.publish_catalogue(record)
    for name, text in rcfiles.files(record).values():
        write_private(paths.folder / name, text)
    probe.prove(record)
    time.sleep(max(0.0, expired_at + 0.1 - time.time()))
    record.complete = True
    record.save(paths.record)
    say("S3 and Swift answer.")


def _give_up(paths: SandboxPaths, error: BaseException) -> None:
    """End what was started; raise the reason of the supervisor, if it has one, instead of the symptom."""
    time.sleep(0.2)  # until the supervisor has recorded the server that ended
    with contextlib.suppress(JsobjError):  # the first error matters
        spawn.end_all(paths)
    known = _read(paths.stopped).strip()
    if known not in ("", ASKED) and isinstance(error, JsobjError):
        log = paths.logs / f"{known.split()[0]}.log"
        tail = _read(log if log.exists() else paths.logs / "supervisor.log")[-LOG_TAIL:]
        sentence, hint = f"the sandbox in {paths.folder} did not start: {known}", f"see the files in {paths.logs}"
        raise JsobjError("sandbox-did-not-start", sentence, code=ExitCode.LOCAL, context=tail, hint=hint) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@contextlib.contextmanager
def _locked(paths: SandboxPaths) -> Iterator[None]:
    """Claim the folder and lock it. Raises ``sandbox-busy`` (NETWORK) after three minutes."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        paths.claim()
        with private_file(paths.lock, os.O_RDWR | os.O_CREAT) as descriptor:
            if _try_lock(descriptor, paths.lock):
                yield
                return
        if time.monotonic() > deadline:
            sentence = f"another command has been starting or stopping the sandbox in {paths.folder} for minutes"
            hint = "wait for it or end it, then try again"
            raise JsobjError("sandbox-busy", sentence, code=ExitCode.NETWORK, hint=hint)
        time.sleep(0.05)


def _try_lock(descriptor: int, path: Path) -> bool:
    """Whether we now have the lock of the file at ``path``, and not of one that a reset has deleted."""
    try:
        return try_lock(descriptor) is Lock.TAKEN and os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
