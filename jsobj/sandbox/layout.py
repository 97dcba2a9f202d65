"""The files of a sandbox, and the marker that says a folder is one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jsobj.atomic import write_private_file
from jsobj.errors import ExitCode, JsobjError

MARKER_SCHEMA = "jsobj.sandbox-folder/1"
ASKED = "asked to stop"  # the supervisor's reason for an orderly end


class SandboxPaths:
    """The paths inside a sandbox's folder, which is absolute and without symbolic links."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.marker = folder / ".jsobj-sandbox"  # without it we neither fill nor delete the folder
        self.lock = folder / ".lock"  # held while the sandbox is started or stopped
        self.logs = folder / "logs"  # one file per process
        self.home = folder / "home"  # HOME of the servers and of ``sandbox shell``
        self.keystone = folder / "keystone"  # configuration, keys, database
        self.swift = folder / "swift"  # configuration, rings, devices
        self.state = folder / "state"
        self.alive_lock = self.state / "alive.lock"  # held by the supervisor while it runs
        self.record = self.state / "record.json"  # passwords, ports and ids (private)
        self.plan = self.state / "plan.json"  # what the supervisor runs (private)
        self.keystone_plan = self.state / "keystone-plan.json"  # with the administrator's password (private)
        self.processes = self.state / "processes.json"  # the supervisor and its servers
        self.ready = self.state / "ready"  # exists from a complete start to an orderly end
        self.stopped = self.state / "stopped.txt"  # why the supervisor ended

    @classmethod
    def of(cls, folder: Path) -> SandboxPaths:
        """The paths of ``folder``, which need not exist."""
        return cls(folder.resolve())

    def is_ours(self) -> bool:
        """Whether the folder has our marker."""
        try:
            words = json.loads(self.marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(words, dict) and words.get("schema") == MARKER_SCHEMA

    def claim(self) -> None:
        """Make the folder (0700) and mark it.

        Raises :class:`JsobjError`: ``sandbox-folder-not-ours`` if it holds something else, ``sandbox-folder`` if it
        cannot be made.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.is_ours():
                # A start that was killed between the two lines leaves an empty folder or the temporary file.
                if any(not entry.name.startswith(self.marker.name) for entry in self.folder.iterdir()):
                    raise self.not_ours("use")
                write_private(self.marker, json.dumps({"schema": MARKER_SCHEMA}) + "\n")
            self.folder.chmod(0o700)
            for part in (self.state, self.logs, self.home, self.keystone, self.swift):
                part.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            sentence = f"the sandbox cannot be made in {self.folder}: {error.strerror}"
            hint = "choose a writable folder on a local disk"
            raise JsobjError("sandbox-folder", sentence, code=ExitCode.LOCAL, hint=hint) from error

    def check_nothing_mounted(self) -> None:
        """Raise ``sandbox-folder-mounted`` if a file system is mounted inside the folder."""
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        if inside := mounts_under(self.folder, mounts):
            sentence = f"{inside[0]}, inside the sandbox, is a mount point: its file system would be deleted too"
            raise JsobjError("sandbox-folder-mounted", sentence, code=ExitCode.REFUSED, hint=f"umount '{inside[0]}'")

    def not_ours(self, verb: str) -> JsobjError:
        """The refusal to touch a folder without our marker."""
        sentence = f"{self.folder} is no sandbox: it has no valid {self.marker.name} file, so jsobj will not {verb} it"
        hint = "name an empty or new folder, or delete this one yourself if it holds nothing of value"
        return JsobjError("sandbox-folder-not-ours", sentence, code=ExitCode.REFUSED, hint=hint)


def mounts_under(folder: Path, mountinfo: str) -> list[str]:
    """The mount points below ``folder`` in the text of /proc/PID/mountinfo (proc_pid_mountinfo(5): field 5)."""
    points = (line.split(" ")[4] for line in mountinfo.splitlines())
    plain = [re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point) for point in points]
    return [point for point in plain if folder in Path(point).parents]


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` with mode 0600, whole or not at all."""
    write_private_file(path, text.encode())


@contextmanager
def private_file(path: Path, flags: int) -> Iterator[int]:
    """A descriptor of an open file, made with mode 0600; closed at the end. Raises :class:`OSError`."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
