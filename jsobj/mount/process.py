"""Mounters as processes: started so that they outlive this one, and known again when they have ended."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import replace

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.locks import Lock, try_lock
from jsobj.mount import record
from jsobj.mount.mounters.protocol import Start
from jsobj.mount.record import Mount, Places
from jsobj.processes import Process, boot_id
from jsobj.secret import Secret

_POLL = 0.02
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_started: dict[int, subprocess.Popen[bytes]] = {}  # by pid: as long as this process lives, it is their parent


def start(settings: Settings, mount: Mount, start: Start) -> Mount:
    """Start the mounter; the record with its process, which is written.

    It has an environment of its own, so that nothing of the user's steers it, and holds the lock of its record. Raises
    :class:`JsobjError` (local).
    """
    where = record.places(settings, mount.id)
    for name, text in start.files.items():
        _write(where, name, text)
    for name in start.left:
        (where.own / name).unlink(missing_ok=True)
    lock = os.open(where.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    log = os.open(where.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        if try_lock(lock) is Lock.HELD:
            raise JsobjError(
                "mount-lives",
                f"the mounter of {mount.folder} still lives",
                code=ExitCode.REFUSED,
                hint="see it: jsobj mounts",
            )
        child = subprocess.Popen(  # noqa: S603 - a known program, no shell
            start.words,
            env=_environment(settings, start.environment),
            cwd=where.own,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock],
            start_new_session=True,
        )
    except OSError as error:
        raise JsobjError(
            "mounter-not-started", f"{start.words[0]} cannot be run: {error.strerror}", code=ExitCode.LOCAL
        ) from error
    finally:
        os.close(lock)
        os.close(log)
    _started[child.pid] = child
    started = replace(
        mount, process=Process.of(child.pid), namespace=record.namespace(), boot=boot_id(), created=time.time()
    )
    record.write(settings, started)
    return started


def _write(where: Places, name: str, text: str) -> None:
    descriptor = os.open(where.own / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def _environment(settings: Settings, own: Mapping[str, str | Secret]) -> dict[str, str]:
    words = {"PATH": _PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    words |= {name: value for name, value in settings.environ.items() if name.lower().endswith("_proxy")}
    return words | {name: value.reveal() if isinstance(value, Secret) else value for name, value in own.items()}


def ended(settings: Settings, mount: Mount, seconds: float) -> bool:
    """Whether the mounter has ended, at most after these seconds."""
    deadline = time.monotonic() + seconds
    while record.alive(settings, mount) or not _reaped(mount):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True


def _reaped(mount: Mount) -> bool:
    """A child of this process that has ended is taken from the system; whether none is left."""
    child = _started.get(mount.process.pid) if mount.process else None
    if child is not None:
        if child.poll() is None:
            return False
        del _started[child.pid]
    return True


def end(settings: Settings, mount: Mount) -> None:
    """End a mounter that has nothing mounted (a mount that failed): SIGTERM, then SIGKILL."""
    if mount.process is not None and mount.namespace == record.namespace():
        if mount.process.signal(15) and not ended(settings, mount, 5.0):
            mount.process.signal(9)
        ended(settings, mount, 5.0)
