"""Who keeps a mount busy, by reading /proc alone: nothing here asks the mount itself, which may not answer.

Open files are found by the id of their mount, mapped ones by the device, folders by their names. A process in another
namespace of mounts has its own ids, which its own table tells.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jsobj.mount import table
from jsobj.mount.table import Mounted

_DELETED = " (deleted)"
_MOUNT_ID = re.compile(r"^mnt_id:\s*(\d+)$", re.MULTILINE)
_FLAGS = re.compile(r"^flags:\s*([0-7]+)$", re.MULTILINE)
_FOLDERS = {"cwd": "working directory", "root": "root directory", "exe": "program"}


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, and how it holds the mount. ``path``: of the file or folder; ``writing``: it may write to it.

    ``copy``: it does nothing but live in another namespace, which has a copy of the mount: the mount can go, and the
    mounter stays until that namespace ends.
    """

    pid: int
    command: str
    how: str
    path: str
    writing: bool = False
    copy: bool = False

    def __str__(self) -> str:
        """For people."""
        return f"pid {self.pid} ({self.command}): {self.how} {self.path}"


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a mount; ``hidden``: how many processes could not be looked at, being another user's."""

    holders: tuple[Holder, ...]
    hidden: int = 0


NOBODY = Held(())


def holders_of(mounted: Mounted, *, apart_from: frozenset[int] = frozenset(), proc: Path = Path("/proc")) -> Held:
    """All that hold the mount, apart from processes with these ids (its mounter)."""
    found: list[Holder] = []
    hidden = 0
    ours = _namespace(proc / "self")
    for entry in _processes(proc):
        pid = int(entry.name)
        if pid in apart_from:
            continue
        try:
            theirs = _namespace(entry)
        except PermissionError:
            hidden += 1
            continue
        except OSError:
            continue  # it has ended
        found += _held_by(entry, pid, mounted, same=theirs == ours)
    return Held(tuple(found), hidden)


def _processes(proc: Path) -> Iterator[Path]:
    for name in sorted(filter(str.isdigit, os.listdir(proc)), key=int):
        yield proc / name


def _namespace(entry: Path) -> str:
    return os.readlink(entry / "ns" / "mnt")


def _held_by(entry: Path, pid: int, mounted: Mounted, *, same: bool) -> list[Holder]:
    places: Mapping[int, Mounted] = {mounted.id: mounted}
    if not same:
        theirs = table.parse(_text(entry / "mountinfo"))
        places = {each.id: each for each in theirs if each.device == mounted.device}
        if not places:
            return []
    command = _command(entry)
    found = [Holder(pid, command, *each) for each in _seen(entry, mounted, places)]
    if not same and not found and not any(each.moves for each in places.values()):
        found.append(
            Holder(pid, command, "its own copy of the mount at", str(next(iter(places.values())).folder), copy=True)
        )
    return found


def _seen(entry: Path, mounted: Mounted, places: Mapping[int, Mounted]) -> Iterator[tuple[str, str, bool]]:
    for name, how in _FOLDERS.items():
        with suppress(OSError):
            path = os.readlink(entry / name).removesuffix(_DELETED)
            if any(Path(path).is_relative_to(each.folder) for each in places.values()):
                yield how, path, False
    yield from _open_files(entry, places)
    yield from _mapped(entry, mounted.device)


def _open_files(entry: Path, places: Mapping[int, Mounted]) -> Iterator[tuple[str, str, bool]]:
    with suppress(OSError):
        for number in os.listdir(entry / "fdinfo"):
            about = _text(entry / "fdinfo" / number)
            mount_id, flags = _MOUNT_ID.search(about), _FLAGS.search(about)
            if mount_id is None or int(mount_id[1]) not in places:
                continue
            with suppress(OSError):
                path = os.readlink(entry / "fd" / number)
                writing = flags is not None and int(flags[1], 8) & os.O_ACCMODE != os.O_RDONLY
                deleted = path.endswith(_DELETED)
                yield "deleted file" if deleted else "open file", path.removesuffix(_DELETED), writing


def _mapped(entry: Path, device: str) -> Iterator[tuple[str, str, bool]]:
    major, _, minor = device.partition(":")
    wanted = f"{int(major):02x}:{int(minor):02x}"
    paths: dict[str, bool] = {}
    for line in _text(entry / "maps").splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[3] == wanted:
            path = fields[5].removesuffix(_DELETED)
            paths[path] = paths.get(path, False) or fields[1][1::2] == "ws"
    for path, writing in paths.items():
        yield "mapped file", path, writing


def _command(entry: Path) -> str:
    words = _text(entry / "cmdline").split("\0")
    name = " ".join(filter(None, words[:3])) or _text(entry / "comm").strip()
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:80]


def _text(path: Path) -> str:
    try:
        return os.fsdecode(path.read_bytes())
    except OSError:
        return ""
