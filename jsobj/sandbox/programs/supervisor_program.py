"""The parent of the servers of a sandbox: starts them, watches them, ends all when one ends.

Usage: ``supervisor_program.py PLAN.json``; see ``jsobj.sandbox.spawn`` for the plan. It detaches itself: the process
that was started ends at once. It writes who runs to the ``processes`` file and why it stopped to the ``stopped`` file.
SIGTERM ends it in order; after SIGKILL the kernel ends its servers.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

# Run by path, Python puts this folder first on sys.path; what belongs there is the folder that holds jsobj.
sys.path[0] = str(Path(__file__).resolve().parents[3])

from jsobj.processes import Process, die_with  # noqa: E402  as above
from jsobj.sandbox.layout import ASKED, SandboxPaths, write_private  # noqa: E402  the line above finds it

WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
PATIENCE = 3.0  # seconds between SIGTERM and SIGKILL


class Supervisor:
    """Holds the servers by name and pid."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.paths = SandboxPaths(Path(plan["folder"]))
        self.pids: dict[int, str] = {}
        self.identities: dict[str, Process | None] = {"supervisor": Process.of(os.getpid())}

    def run(self) -> str:
        """Start everything and wait; the reason for stopping."""
        self.record()
        self.fork("keystone", self.keystone)
        os.chdir(self.paths.swift)
        from jsobj.sandbox.services import swift_servers

        swift_servers.prepare(self.plan["ports"])
        for role in ("account", "container", "object", "proxy"):
            self.fork(f"swift-{role}", functools.partial(self.swift, role))
        for descriptor in self.plan["sockets"].values():
            os.close(descriptor)  # a dead server's port must be closed at once, so its children alone hold it
        return self.watch()

    def keystone(self) -> None:
        """Become the Keystone program, in the chosen interpreter."""
        os.set_inheritable(self.plan["sockets"]["keystone"], True)
        command = [self.plan["keystone_python"], self.plan["keystone_program"], str(self.paths.keystone_plan)]
        os.execve(command[0], command, self.plan["environment"])  # noqa: S606  no shell is wanted

    def swift(self, role: str) -> None:
        """Become one of Swift's servers."""
        from jsobj.sandbox.services import swift_servers

        swift_servers.serve(role, socket.socket(fileno=self.plan["sockets"][role]))

    def fork(self, name: str, body: Callable[[], None]) -> None:
        """Start a server."""
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self.child(parent, name, body)
        self.pids[pid] = name
        self.identities[name] = Process.of(pid)
        self.record()

    def child(self, parent: int, name: str, body: Callable[[], None]) -> None:
        """Run ``body`` in the forked child; never returns."""
        try:
            die_with(parent, name)
            signal.pthread_sigmask(signal.SIG_SETMASK, set())
            log = os.open(self.paths.logs / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            # The lock is held while the supervisor runs; a child must not keep it, nor the ports of other servers.
            own = self.plan["sockets"][name.removeprefix("swift-")]
            for descriptor in {self.plan["alive_fd"], log, *self.plan["sockets"].values()} - {own}:
                os.close(descriptor)
            body()
        except BaseException:  # noqa: BLE001  a forked child must never continue in the supervisor's code
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError):
                sys.stderr.flush()
            os._exit(1)

    def watch(self) -> str:
        """Wait for a signal to stop or for the first server that ends."""
        while True:
            number = signal.sigwait(WATCHED)
            if number in (signal.SIGTERM, signal.SIGINT):
                return self.reap() or ASKED
            if number == signal.SIGCHLD and (ended := self.reap()):
                return ended

    def reap(self) -> str | None:
        """Reap children that have ended; a sentence about the first that was a server."""
        sentence = None
        while self.pids:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            name = self.pids.pop(pid, None)
            code = os.waitstatus_to_exitcode(status)
            how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
            if name:
                sentence = sentence or f"{name} (pid {pid}) {how}; see {self.paths.logs / (name + '.log')}"
        return sentence

    def end(self) -> None:
        """End every server and wait for it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.pids:
                os.kill(pid, number)  # our own unreaped children: the pids cannot have been reused
            deadline = time.monotonic() + PATIENCE
            while self.pids and time.monotonic() < deadline:
                self.reap()
                time.sleep(0.01)

    def record(self) -> None:
        """Write the running processes."""
        known = {name: asdict(process) for name, process in self.identities.items() if process}
        write_private(self.paths.processes, json.dumps(known) + "\n")


def main() -> None:
    """Detach, supervise, write the reason of the end."""
    warnings.simplefilter("ignore")
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    os.umask(0o077)
    if os.fork():
        os._exit(0)
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    supervisor = Supervisor(plan)
    try:
        reason = supervisor.run()
    except Exception as error:  # noqa: BLE001  any error is the reason to report
        traceback.print_exc()
        reason = f"the supervisor failed: {type(error).__name__}: {error}"
    supervisor.end()
    supervisor.paths.ready.unlink(missing_ok=True)
    write_private(supervisor.paths.stopped, reason + "\n")
    supervisor.paths.processes.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
