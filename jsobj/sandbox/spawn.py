"""Starts the supervisor; finds and ends the processes of an earlier one."""

from __future__ import annotations

import errno
import json
import os
import site
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from jsobj import processes
from jsobj.errors import ExitCode, JsobjError
from jsobj.locks import Lock, is_locked, try_lock
from jsobj.processes import Process
from jsobj.sandbox.layout import SandboxPaths, private_file, write_private
from jsobj.sandbox.record import SandboxRecord

PROGRAMS = Path(__file__).parent / "programs"
STOP_SECONDS = 15.0
RECORD_SECONDS = 10.0


def spawn(paths: SandboxPaths, record: SandboxRecord, sockets: Mapping[str, socket.socket]) -> None:
    """Start the supervisor, detached, with these sockets and the configuration files.

    ``alive.lock`` is taken here and inherited, so it is held before the supervisor runs.
    """
    log = paths.logs / "supervisor.log"
    with private_file(paths.alive_lock, os.O_RDWR | os.O_CREAT) as alive:
        if try_lock(alive) is not Lock.TAKEN:
            raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK), str(paths.alive_lock))
        descriptors = {name: listener.fileno() for name, listener in sockets.items()}
        _write_plans(paths, record, descriptors, alive)
        for path in paths.logs.glob("*.log"):
            path.replace(path.with_suffix(".log.old"))
        with private_file(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) as output:
            # It forks and ends at once: the supervisor is a child of init.
            subprocess.run(  # noqa: S603  our own program, no shell
                [sys.executable, str(PROGRAMS / "supervisor_program.py"), str(paths.plan)],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=paths.folder,
                env=environment(paths),
                start_new_session=True,
                pass_fds=[alive, *descriptors.values()],
                timeout=60,
            )


def environment(paths: SandboxPaths) -> dict[str, str]:
    """The environment of the servers, without the user's settings."""
    words = {"HOME": str(paths.home), "PATH": os.defpath, "LANG": "C.UTF-8"}
    # Loopback needs no DNS, and eventlet's own takes a quarter of a second to import.
    words["EVENTLET_NO_GREENDNS"] = "yes"
    # Packages installed with "pip install --user" are found through HOME, which is another one here.
    if site.ENABLE_USER_SITE:
        words["PYTHONUSERBASE"] = site.getuserbase()
    return words


def running(paths: SandboxPaths) -> dict[str, Process]:
    """The processes of the sandbox by name; empty if the supervisor does not run."""
    found = _recorded(paths)
    supervisor = found.get("supervisor")
    return found if supervisor and supervisor.alive() else {}


def end_all(paths: SandboxPaths) -> bool:
    """End the supervisor and its servers; whether something ran. The caller holds the lock."""
    if not paths.state.is_dir():
        return False
    paths.ready.unlink(missing_ok=True)
    found = _wait_for_record(paths)
    alive = [process for process in found.values() if process.alive()]
    if supervisor := found.get("supervisor"):
        supervisor.end(STOP_SECONDS)
    # The kernel ends the servers after a SIGKILL of the supervisor; this does not rely on it.
    for process in found.values():
        process.signal(9)
    if left := processes.wait_all(list(found.values()), STOP_SECONDS):
        pids = ", ".join(str(each.pid) for each in left)
        sentence = f"processes of the sandbox in {paths.folder} do not end: {pids}"
        hint = "they may be waiting for a disk; try again"
        raise JsobjError("sandbox-does-not-stop", sentence, code=ExitCode.FAILURE, hint=hint)
    paths.processes.unlink(missing_ok=True)
    return bool(alive)


def _wait_for_record(paths: SandboxPaths) -> dict[str, Process]:
    """The recorded processes. A supervisor that has its lock and is not recorded yet is waited for."""
    deadline = time.monotonic() + RECORD_SECONDS
    while True:
        found = _recorded(paths)
        supervisor = found.get("supervisor")
        if (supervisor and supervisor.alive()) or not _is_locked(paths.alive_lock):
            return found
        if time.monotonic() > deadline:
            sentence = f"{paths.alive_lock} is locked, but the sandbox has no supervisor"
            hint = f"see which process has it: fuser {paths.alive_lock}"
            raise JsobjError("sandbox-lost", sentence, code=ExitCode.LOCAL, hint=hint)
        time.sleep(0.02)


def _is_locked(path: Path) -> bool:
    try:
        with private_file(path, os.O_RDWR) as descriptor:
            return is_locked(descriptor)
    except FileNotFoundError:
        return False


def _recorded(paths: SandboxPaths) -> dict[str, Process]:
    try:
        words = json.loads(paths.processes.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: Process(**each) for name, each in words.items()}


def _write_plans(paths: SandboxPaths, record: SandboxRecord, descriptors: Mapping[str, int], alive: int) -> None:
    plan = {
        "folder": str(paths.folder),
        "sockets": dict(descriptors),
        "ports": record.ports,
        "alive_fd": alive,
        "environment": {**environment(paths), "OS_KEYSTONE_CONFIG_FILES": "keystone.conf"},
        "keystone_python": record.keystone_python or sys.executable,
        "keystone_program": str(PROGRAMS / "keystone_program.py"),
    }
    keystone = {
        "directory": str(paths.keystone),
        "socket_fd": descriptors["keystone"],
        "admin_password": record.passwords["admin"],
        "public_url": record.auth_url,
        "region": record.location,
    }
    write_private(paths.plan, json.dumps(plan) + "\n")
    write_private(paths.keystone_plan, json.dumps(keystone) + "\n")
