"""Start, stop, look at and delete a sandbox. Crash-only: whatever a killed command left, the next one cleans up.

All changes happen under a lock on the folder; ``status`` takes none.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError
from jsobj.sandbox import configuration, population, probe, rcfiles, requirements, spawn
from jsobj.sandbox.layout import ASKED, Layout, write_private
from jsobj.sandbox.listeners import listeners
from jsobj.sandbox.options import SandboxOptions
from jsobj.sandbox.record import Record
from jsobj.sandbox.status import Status, User
from jsobj.secret import Secret

LOCK_SECONDS = 180.0
DEFAULTS = SandboxOptions()
LOG_TAIL = 1500  # characters


def _silent(_: str) -> None:
    """Say nothing."""


def start(folder: Path, options: SandboxOptions = DEFAULTS, *, say: Callable[[str], None] = _silent) -> Status:
    """Start the sandbox in ``folder``, making it the first time; return when S3 and Swift answer.

    A sandbox that runs already is left as it is, whatever ``options`` say. ``say`` is called with one line for each
    step.

    Raises :class:`JsobjError`: ``sandbox-not-installed``, ``sandbox-needs-linux``, ``sandbox-no-xattrs``,
    ``sandbox-folder``, ``sandbox-did-not-start`` (LOCAL); ``sandbox-folder-not-ours``, ``sandbox-keystone-changed``
    (REFUSED); ``sandbox-busy`` (NETWORK).
    """
    requirements.check_packages(options.keystone_python)
    layout = Layout.of(folder)
    with _locked(layout):
        if layout.ready.exists() and spawn.running(layout):
            return status(folder)
        spawn.end_all(layout)
        requirements.check_attributes(layout.swift)
        record = _remembered(layout, options)
        record.location = options.location
        with listeners(record.ports) as sockets:
            record.ports = {name: listener.getsockname()[1] for name, listener in sockets.items()}
            record.save(layout.record)
            _configure(layout, record, options)
            layout.stopped.unlink(missing_ok=True)
            say("Starting Keystone and Swift ..." if record.complete else "Making a new cloud: Keystone and Swift ...")
            spawn.spawn(layout, record, sockets)
        try:
            _furnish(layout, record, say)
        except BaseException as error:
            _give_up(layout, error)
            raise
        layout.ready.touch(0o600)
        return status(folder)


def stop(folder: Path) -> bool:
    """Stop the sandbox; True if something was running. Returns when every process is gone.

    Raises :class:`JsobjError` ``sandbox-folder-not-ours`` (REFUSED), ``sandbox-does-not-stop`` (FAILURE).
    """
    layout = Layout.of(folder)
    if not layout.folder.exists():
        return False
    if not layout.is_ours():
        raise layout.not_ours("stop")
    with _locked(layout):
        return spawn.end_all(layout)


def reset(folder: Path) -> None:
    """Stop the sandbox and delete its folder with everything in it.

    Raises :class:`JsobjError` ``sandbox-folder-not-ours`` (REFUSED) for a folder without our mark, and
    ``sandbox-folder-mounted`` (REFUSED) when something is mounted inside, since deleting would reach through it.
    """
    layout = Layout.of(folder)
    if not layout.folder.exists():
        return
    if not layout.is_ours():
        raise layout.not_ours("delete")
    layout.check_nothing_mounted()
    with _locked(layout):
        spawn.end_all(layout)
        for entry in layout.folder.iterdir():
            if entry in (layout.marker, layout.lock):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        # The mark goes last: a reset that was killed half way can be repeated.
        layout.lock.unlink()
        layout.marker.unlink()
        layout.folder.rmdir()


def status(folder: Path) -> Status:
    """The sandbox as it is now. Never fails for a folder that is missing or not ours: it is just not running."""
    layout = Layout.of(folder)
    record = Record.load(layout.record)
    if record is None or not record.complete:
        return Status(layout.folder, running=False)
    found = spawn.running(layout)
    is_running = bool(found) and layout.ready.exists()
    reason = ""
    if not is_running:
        with contextlib.suppress(OSError):
            reason = layout.stopped.read_text(encoding="utf-8").strip()
    return Status(
        folder=layout.folder,
        running=is_running,
        auth_url=record.auth_url,
        swift_url=record.swift_url("demo"),
        s3_endpoint=record.s3_endpoint,
        region=record.location,
        pids={name: process.pid for name, process in found.items()},
        ports=record.ports,
        files={role: layout.folder / name for role, name in rcfiles.names(record).items()},
        users=(*(User(name, *where) for name, where in population.MEMBERS.items()), User("admin", "admin", "admin")),
        projects=record.projects,
        reason=reason,
    )


def password(folder: Path, user: str) -> Secret:
    """The password of ``alice``, ``rita``, ``otto`` or ``admin``. Raises ``sandbox-unknown-user`` (NOT_FOUND)."""
    record = Record.load(Layout.of(folder).record)
    if record is None or user not in record.passwords:
        raise JsobjError(
            "sandbox-unknown-user", f"The sandbox in {folder} has no user {user}.", code=ExitCode.NOT_FOUND
        )
    return record.password(user)


def _remembered(layout: Layout, options: SandboxOptions) -> Record:
    """The record of a sandbox that was made completely; else a new one, after clearing away what there is."""
    python = str(options.keystone_python or "")
    record = Record.load(layout.record)
    if record is not None and record.complete:
        if record.keystone_python != python:
            raise JsobjError(
                "sandbox-keystone-changed",
                f"The sandbox in {layout.folder} was made by another Keystone.",
                hint="Use another folder, or delete this sandbox first: jsobj sandbox reset",
                code=ExitCode.REFUSED,
            )
        return record
    for part in (layout.keystone, layout.swift):
        shutil.rmtree(part)
        part.mkdir(mode=0o700)
    record = Record.new()
    record.keystone_python = python
    return record


def _configure(layout: Layout, record: Record, options: SandboxOptions) -> None:
    write_private(layout.keystone / "keystone.conf", configuration.keystone_conf(options.token_seconds))
    write_private(layout.swift / "swift.conf", configuration.swift_conf(record.hash_suffix))
    for role in ("account", "container", "object"):
        write_private(layout.swift / f"{role}.conf", configuration.storage_conf(role, record.ports[role]))
    proxy = configuration.proxy_conf(record.ports, record.location, record.passwords["swift"])
    write_private(layout.swift / "proxy.conf", proxy)


def _furnish(layout: Layout, record: Record, say: Callable[[str], None]) -> None:
    """Fill the new cloud or bring its catalogue up to date, write the files, prove that it works."""
    expired_at = 0.0
    if not record.complete:
        expired_at = population.populate(record)
        say("Users, projects and application credentials are made.")
    population.publish_catalogue(record)
    for name, text in rcfiles.files(record).values():
        write_private(layout.folder / name, text)
    probe.prove(record)
    time.sleep(max(0.0, expired_at + 0.1 - time.time()))
    record.complete = True
    record.save(layout.record)
    say("S3 and Swift answer.")


def _give_up(layout: Layout, error: BaseException) -> None:
    """End what was started; replace the symptom by the reason when the supervisor knows one."""
    time.sleep(0.2)  # a server that just died is being buried; its name is in the reason
    with contextlib.suppress(JsobjError):  # the first error is the one to tell
        spawn.end_all(layout)
    known = _read(layout.stopped).strip()
    if known not in ("", ASKED) and isinstance(error, JsobjError):
        log = layout.logs / f"{known.split()[0]}.log"
        tail = _read(log if log.exists() else layout.logs / "supervisor.log")[-LOG_TAIL:]
        raise JsobjError(
            "sandbox-did-not-start",
            f"The sandbox in {layout.folder} did not start: {known}.",
            context=tail,
            hint=f"Look at the files in {layout.logs}.",
            code=ExitCode.LOCAL,
        ) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@contextlib.contextmanager
def _locked(layout: Layout) -> Iterator[None]:
    """Claim the folder and hold its lock. Raises ``sandbox-busy`` (NETWORK) after three minutes."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        layout.claim()
        descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if _try_lock(descriptor, layout.lock):
                yield
                return
        finally:
            os.close(descriptor)
        if time.monotonic() > deadline:
            raise JsobjError(
                "sandbox-busy",
                f"Another command has been starting or stopping the sandbox in {layout.folder} for minutes.",
                hint="Wait for it or end it, then try again.",
                code=ExitCode.NETWORK,
            )
        time.sleep(0.05)


def _try_lock(descriptor: int, path: Path) -> bool:
    """Whether we now hold the lock of the file that is at ``path`` (not of one that a reset has deleted meanwhile)."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        return False
