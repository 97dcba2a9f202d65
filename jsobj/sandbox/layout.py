"""Where everything of one sandbox lies, and the mark that says a folder is a sandbox.

It names paths and writes private files; it starts nothing and knows no service.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from jsobj.atomic import write_private_file
from jsobj.errors import ExitCode, JsobjError

MARKER_SCHEMA = "jsobj.sandbox-folder/1"
ASKED = "asked to stop"  # the supervisor's reason when nothing went wrong


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths inside a sandbox's folder. ``folder`` is absolute and free of symbolic links."""

    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Layout:
        """The layout of ``folder``, which need not exist yet."""
        return cls(folder.resolve())

    @property
    def marker(self) -> Path:
        """The file whose presence allows us to fill and to delete the folder."""
        return self.folder / ".jsobj-sandbox"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops the sandbox."""
        return self.folder / ".lock"

    @property
    def alive_lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.state / "alive.lock"

    @property
    def state(self) -> Path:
        """What ``start`` and the supervisor need to remember."""
        return self.folder / "state"

    @property
    def record(self) -> Path:
        """Passwords, ports and ids (private)."""
        return self.state / "record.json"

    @property
    def plan(self) -> Path:
        """What the supervisor is to run (private)."""
        return self.state / "plan.json"

    @property
    def keystone_plan(self) -> Path:
        """What the Keystone program is to do (private: it holds the administrator's password)."""
        return self.state / "keystone-plan.json"

    @property
    def processes(self) -> Path:
        """Written by the supervisor: itself and its servers."""
        return self.state / "processes.json"

    @property
    def ready(self) -> Path:
        """Exists while a start has been completed and the supervisor has not ended in an orderly way."""
        return self.state / "ready"

    @property
    def stopped(self) -> Path:
        """Written by the supervisor when it ends: why."""
        return self.state / "stopped.txt"

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.folder / "logs"

    @property
    def home(self) -> Path:
        """The home folder of the servers and of ``sandbox shell``."""
        return self.folder / "home"

    @property
    def keystone(self) -> Path:
        """Keystone's configuration, keys and database."""
        return self.folder / "keystone"

    @property
    def swift(self) -> Path:
        """Swift's configuration, rings and devices."""
        return self.folder / "swift"

    def is_ours(self) -> bool:
        """Whether the folder carries our mark."""
        try:
            words = json.loads(self.marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(words, dict) and words.get("schema") == MARKER_SCHEMA

    def claim(self) -> None:
        """Make the folder (0700) and mark it.

        Raises :class:`JsobjError` ``sandbox-folder-not-ours`` when it holds something else, and ``sandbox-folder`` when
        it cannot be made.
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
            raise JsobjError(
                "sandbox-folder",
                f"The sandbox cannot be made in {self.folder}: {error.strerror}.",
                hint="Choose a folder on a local disk that you may write to.",
                code=ExitCode.LOCAL,
            ) from error

    def check_nothing_mounted(self) -> None:
        """Raise ``sandbox-folder-mounted`` when a file system is mounted inside the folder."""
        inside = mounts_under(
            self.folder, Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        )
        if inside:
            raise JsobjError(
                "sandbox-folder-mounted",
                f"Something is mounted at {inside[0]}, inside the sandbox: deleting would reach through it.",
                hint=f"umount '{inside[0]}'",
                code=ExitCode.REFUSED,
            )

    def not_ours(self, verb: str) -> JsobjError:
        """The refusal to touch a folder without our mark."""
        return JsobjError(
            "sandbox-folder-not-ours",
            f"{self.folder} is no sandbox: it has no {self.marker.name} file, so jsobj will not {verb} it.",
            hint="Name an empty or new folder, or delete this one yourself if it holds nothing of value.",
            code=ExitCode.REFUSED,
        )


def mounts_under(folder: Path, mountinfo: str) -> list[str]:
    """The mount points below ``folder`` in the text of /proc/PID/mountinfo (proc_pid_mountinfo(5): field 5)."""
    points = (line.split(" ")[4] for line in mountinfo.splitlines())
    plain = [re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point) for point in points]
    return [point for point in plain if folder in Path(point).parents]


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` with mode 0600, whole or not at all."""
    write_private_file(path, text.encode())
