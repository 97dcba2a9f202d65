"""Starting the supervisor, and finding and ending what an earlier one left behind."""

from __future__ import annotations

import fcntl
import json
import os
import site
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError
from jsobj.sandbox import processes
from jsobj.sandbox.layout import Layout, write_private
from jsobj.sandbox.processes import Process
from jsobj.sandbox.record import Record

PROGRAMS = Path(__file__).parent / "programs"
STOP_SECONDS = 15.0
BIRTH_SECONDS = 10.0


def spawn(layout: Layout, record: Record, sockets: Mapping[str, socket.socket]) -> None:
    """Start the supervisor, detached, with the sockets and the configuration files that are there.

    It holds ``alive.lock`` from before its birth: we take the lock and it inherits the descriptor.
    """
    alive = os.open(layout.alive_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        descriptors = {name: listener.fileno() for name, listener in sockets.items()}
        _write_plans(layout, record, descriptors, alive)
        for path in layout.logs.glob("*.log"):
            path.replace(path.with_suffix(".log.old"))
        log = os.open(layout.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            # It forks at once and ends: the supervisor is a child of init, not of ours.
            subprocess.run(  # noqa: S603  our own program, no shell
                [sys.executable, str(PROGRAMS / "supervisor_program.py"), str(layout.plan)],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=layout.folder,
                env=environment(layout),
                start_new_session=True,
                pass_fds=[alive, *descriptors.values()],
                timeout=60,
            )
        finally:
            os.close(log)
    finally:
        os.close(alive)


def environment(layout: Layout) -> dict[str, str]:
    """What the servers see of the world: nothing of the user's settings."""
    words = {"HOME": str(layout.home), "PATH": os.defpath, "LANG": "C.UTF-8"}
    # Loopback needs no DNS, and eventlet's own takes a quarter of a second to import.
    words["EVENTLET_NO_GREENDNS"] = "yes"
    # Packages installed with "pip install --user" are found through HOME, which is another one here.
    if site.ENABLE_USER_SITE:
        words["PYTHONUSERBASE"] = site.getuserbase()
    return words


def running(layout: Layout) -> dict[str, Process]:
    """The processes of the sandbox by name; empty when the supervisor does not run."""
    found = _recorded(layout)
    supervisor = found.get("supervisor")
    return found if supervisor and supervisor.alive() else {}


def end_all(layout: Layout) -> bool:
    """End the supervisor and everything of it; True when something was running. The caller holds the lock."""
    if not layout.state.is_dir():
        return False
    layout.ready.unlink(missing_ok=True)
    found = _wait_for_birth(layout)
    alive = [process for process in found.values() if process.alive()]
    if supervisor := found.get("supervisor"):
        supervisor.end(STOP_SECONDS)
    # After a SIGKILL of the supervisor the kernel has ended the servers; this is for kernels that were too slow.
    for process in found.values():
        process.signal(9)
    if left := processes.wait_all(list(found.values()), STOP_SECONDS):
        raise JsobjError(
            "sandbox-does-not-stop",
            f"Processes of the sandbox in {layout.folder} do not end: {', '.join(str(each.pid) for each in left)}.",
            hint="They may be waiting for a disk; try again.",
            code=ExitCode.FAILURE,
        )
    layout.processes.unlink(missing_ok=True)
    return bool(alive)


def _wait_for_birth(layout: Layout) -> dict[str, Process]:
    """The recorded processes; a supervisor that holds its lock and has not yet said who it is gets a moment for it."""
    deadline = time.monotonic() + BIRTH_SECONDS
    while True:
        found = _recorded(layout)
        supervisor = found.get("supervisor")
        if (supervisor and supervisor.alive()) or not _is_locked(layout.alive_lock):
            return found
        if time.monotonic() > deadline:
            raise JsobjError(
                "sandbox-lost",
                f"Somebody holds {layout.alive_lock}, but no supervisor of the sandbox is known.",
                hint=f"Find out who with: fuser {layout.alive_lock}",
                code=ExitCode.LOCAL,
            )
        time.sleep(0.02)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _recorded(layout: Layout) -> dict[str, Process]:
    try:
        words = json.loads(layout.processes.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: Process(**each) for name, each in words.items()}


def _write_plans(layout: Layout, record: Record, descriptors: Mapping[str, int], alive: int) -> None:
    plan = {
        "folder": str(layout.folder),
        "sockets": dict(descriptors),
        "ports": record.ports,
        "alive_fd": alive,
        "environment": {**environment(layout), "OS_KEYSTONE_CONFIG_FILES": "keystone.conf"},
        "keystone_python": record.keystone_python or sys.executable,
        "keystone_program": str(PROGRAMS / "keystone_program.py"),
    }
    keystone = {
        "directory": str(layout.keystone),
        "socket_fd": descriptors["keystone"],
        "admin_password": record.passwords["admin"],
        "public_url": record.auth_url,
        "region": record.location,
    }
    write_private(layout.plan, json.dumps(plan) + "\n")
    write_private(layout.keystone_plan, json.dumps(keystone) + "\n")
