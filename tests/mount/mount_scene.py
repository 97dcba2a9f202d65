"""What the tests of mounts share: a bucket with a user's HOME, and a look at what is left of a mount."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands import Jsobj, shows
from fixtures_places import Place
from rigs import lack, need_program

from jsobj.mount import table
from jsobj.mount.mounters.registry import MOUNTERS

BACKENDS = ("rclone", "s3fs")


def need_fuse() -> None:
    """Skip where nothing can be mounted; fail instead when the rigs are required."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        lack("/dev/fuse is missing or forbidden: run on a machine with FUSE, as root or after chmod 0666 /dev/fuse")
    need_program("fusermount3")
    need_program("s3fs")
    rclone = next(each for each in MOUNTERS if each.name == "rclone")
    found = rclone.find()
    if found is None or not rclone.writes(found):
        lack("rclone 1.64 or later is missing: pip install 'jsobj[mount]'")


@dataclass
class Scene:
    """A bucket on a server, jsobj in a HOME that reaches it, and folders to mount on."""

    place: Place
    jsobj: Jsobj
    folder: Path
    options: tuple[str, ...] = ()
    url: str = ""
    secrets: set[str] = field(default_factory=set)

    @property
    def state(self) -> Path:
        return self.jsobj.home / ".local/state/jsobj/mounts"

    @property
    def cache(self) -> Path:
        return self.jsobj.home / ".cache/jsobj/mounts"

    def mount(self, *words: str, code: int = 0, at: Path | None = None, url: str = "") -> Path:
        """Mount by a process of its own; the folder. No process shows a secret in its arguments."""
        where = at or self.folder
        self.jsobj.process("mount", url or self.url, where, *words, *self.options, code=code)
        self.look_for_secrets()
        return where

    def umount(self, *words: str | Path, code: int = 0) -> Any:
        return self.jsobj.process("umount", *(words or (self.folder,)), "--json", code=code, timeout=100)

    def mounts(self) -> list[dict[str, Any]]:
        """What ``jsobj mounts`` tells of ours."""
        return [each for each in self.jsobj.process("mounts", "--json").json["items"] if each["ours"]]

    def pid(self) -> int:
        (only,) = self.mounts()
        return int(only["pid"])

    def kill(self, pid: int) -> None:
        """The mounter, as the system does when memory is short."""
        os.kill(pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{pid}/fd/0").exists() and self.state_of(pid) in ("", "Z"))

    @staticmethod
    def state_of(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return ""

    def look_for_secrets(self) -> None:
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = each.read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            assert not shows(words, self.secrets), words

    def nothing_left(self) -> None:
        """No mount, no mounter, no file of either."""
        home = str(self.jsobj.home)
        assert [each for each in table.read() if str(each.folder).startswith(home)] == []
        assert not self.state.exists()
        assert not self.cache.exists()
        assert mounters_below(home) == []


def mounters_below(home: str) -> list[str]:
    """Command lines of mounters whose cache or folder is below this HOME."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if Path(words[0]).name in BACKENDS and any(home in word for word in words):
            found.append(" ".join(words))
    return found


def until(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait for something that comes by itself."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it has not come"
        time.sleep(0.02)
    return found


@contextmanager
def holding(code: str, folder: Path, *, cwd: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process that holds something until told to end: it says "ready" when it does. ``code`` sees ``folder``."""
    text = f"import mmap, os, sys\nfolder = {str(folder)!r}\n{code}\nprint('ready', flush=True)\nsys.stdin.read()\n"
    child = subprocess.Popen(
        [sys.executable, "-c", text], cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.stdin.close()
        child.wait(20)
        child.stdout.close()


def error_of(result: Any) -> Any:
    return json.loads(result.err.strip().splitlines()[-1])
