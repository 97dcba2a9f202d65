"""Walking local folders: every file below them, in the order of the keys' bytes, as a stream.

The order is that of a listing (UTF-8 bytes of the whole relative path, which is the order of the code points too), so
that both can be merged without holding either. Only the names of the folders on the way are in memory.
"""

from __future__ import annotations

import heapq
import os
import shlex
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from jsobj.errors import BadUsage, ExitCode, JsobjError, SourceVanished, error_of
from jsobj.store.patterns import literal
from jsobj.transfer.filters import Filters
from jsobj.transfer.local.key_path import PathRefusal, is_temp, key_for
from jsobj.transfer.local.stamps import now_ns


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A regular file as it was seen. ``path`` opens it; ``relative`` is its part of the key. ``size`` in bytes.

    ``changed_ns``: the time of the inode's last change, which no program can set back. ``seen_ns``: a moment before it
    was seen, and so before it is read; 0 where its bytes are known otherwise. All in ns since 1970.
    """

    path: str
    relative: str
    size: int
    mtime_ns: int
    inode: int
    changed_ns: int = 0
    seen_ns: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Passed:
    """Something that is not sent, and why. ``error`` where the user would miss it, None where it was to be expected.

    ``kind``, without an error: as of :class:`jsobj.transfer.events.LeftOut`.
    """

    path: str
    reason: str
    error: JsobjError | None = None
    relative: str = ""
    kind: str = "other"


Found: TypeAlias = LocalFile | Passed


@dataclass(frozen=True, slots=True)
class _Level:
    """A folder under way: ``names`` that are left (folders with a slash at their end), the last one first."""

    path: str
    relative: str
    names: list[str]
    identity: tuple[int, int]


def walk(sources: Sequence[str], *, filters: Filters, follow_symlinks: bool = False) -> Iterator[Found]:
    """Every file of ``sources`` (files, and folders with all that is below), in the order of their relative paths.

    A source is followed where it is a symbolic link. Links below are passed over, or followed with ``follow_symlinks``,
    except into a folder that they lie in. Nothing is raised: what cannot be read is :class:`Passed`, and the others go
    on.
    """
    if len(sources) == 1:
        return _Walk(filters, follow_symlinks).source(sources[0])
    walks = (_Walk(filters, follow_symlinks).source(source) for source in sources)
    return _without_twins(heapq.merge(*walks, key=lambda found: found.relative))


def named(base: str, names: Iterable[str], *, filters: Filters, follow_symlinks: bool = False) -> Iterator[Found]:
    """The files of a list: paths below ``base``, in the order in which they come (sort them to merge with a listing).

    A folder in the list is passed over: what ``find`` prints names its files too.
    """
    walker = _Walk(filters, follow_symlinks)
    for name in names:
        found = walker.look(os.path.join(base, name), name, follow=follow_symlinks)
        if isinstance(found, Passed) and isinstance(found.error, SourceVanished):  # it was never seen before
            hint = "names are read as paths below the source folder: check the list"
            found = _failed("source-missing", found.path, name, "there is no such file", hint)
        yield found


def _without_twins(found: Iterable[Found]) -> Iterator[Found]:
    last = None
    for item in found:
        if isinstance(item, LocalFile):
            if item.relative == last:
                reason = f"another source has a file '{item.relative}' too"
                yield _failed("sources-meet", item.path, item.relative, reason)
                continue
            last = item.relative
        yield item


class _Walk:
    """One walk. Not recursive, so that no depth is too deep."""

    def __init__(self, filters: Filters, follow: bool) -> None:
        self._filters = filters
        self._follow = follow
        self._all = not (filters.include or filters.exclude)

    def source(self, path: str) -> Iterator[Found]:
        try:
            state = os.stat(path)
        except (OSError, ValueError) as error:
            yield _unreadable(path, "", error)
            return
        if not stat.S_ISDIR(state.st_mode):
            yield self.look(path, os.path.basename(path), follow=True)
            return
        yield from self._below(path if path.endswith("/") else f"{path}/", state)

    def _below(self, path: str, state: os.stat_result) -> Iterator[Found]:
        top = self._level(path, "", (state.st_dev, state.st_ino))
        if isinstance(top, Passed):
            yield top
            return
        levels = [top]
        while levels:
            level = levels[-1]
            if not level.names:
                levels.pop()
                continue
            name = level.names.pop()
            if not name.endswith("/"):
                yield self.look(level.path + name, level.relative + name, follow=self._follow)
                continue
            found = self._enter(level.path + name, level.relative + name, levels)
            if isinstance(found, Passed):
                yield found
            else:
                levels.append(found)

    def _enter(self, path: str, relative: str, levels: Sequence[_Level]) -> _Level | Passed:
        if not self._all and (reason := self._filters.judge_folder(relative)):
            return Passed(path, reason, relative=relative, kind="filter")
        try:
            state = os.stat(path[:-1], follow_symlinks=self._follow)
        except OSError as error:
            return _unreadable(path, relative, error)
        if stat.S_ISLNK(state.st_mode):  # it was a folder a moment ago
            return _link(path[:-1], relative)
        identity = (state.st_dev, state.st_ino)
        if self._follow and any(level.identity == identity for level in levels):
            return _failed("link-loop", path, relative, "a symbolic link back to a folder that it lies in")
        return self._level(path, relative, identity)

    def _level(self, path: str, relative: str, identity: tuple[int, int]) -> _Level | Passed:
        try:
            with os.scandir(path) as entries:
                names = [f"{entry.name}/" if self._is_folder(entry) else entry.name for entry in entries]
        except OSError as error:
            return _unreadable(path, relative, error)
        # The code points of names that are no UTF-8 have another order than their bytes.
        names.sort(key=None if all(map(str.isascii, names)) else os.fsencode, reverse=True)
        return _Level(path, relative, names, identity)

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_dir(follow_symlinks=self._follow)
        except OSError:  # a link that leads to itself, for one: it is reported when it is opened
            return False

    def look(self, path: str, relative: str, *, follow: bool) -> Found:
        """One file, or why it is not sent."""
        if not self._all and (reason := self._filters.judge(relative)):
            return Passed(path, reason, relative=relative, kind="filter")
        key = key_for(relative)
        if isinstance(key, PathRefusal):
            return _failed("name-refused", path, relative, key.reason)
        now = now_ns()
        try:
            state = os.stat(path, follow_symlinks=follow)
            if not stat.S_ISREG(state.st_mode):
                return _irregular(path, relative, state.st_mode)
            if not state.st_size and _has_content(path):
                return _failed("size-untold", path, relative, "it says that it has 0 bytes, and has some")
        except (OSError, ValueError) as error:
            return _unreadable(path, relative, error)
        if relative.endswith(".jsobj-part") and is_temp(relative.rpartition("/")[2]):
            return Passed(path, "the unfinished part of a download", relative=relative)
        return LocalFile(path, relative, state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns, now)


def _has_content(path: str) -> bool:
    """Whether a file that says 0 bytes has some, as those of ``/proc`` do: what was sent of it would be a guess."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return bool(os.read(descriptor, 1)) and not os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _irregular(path: str, relative: str, mode: int) -> Passed:
    if stat.S_ISLNK(mode):
        return _link(path, relative)
    if stat.S_ISDIR(mode):
        return Passed(path, "a folder: only the files that are named are sent", relative=relative)
    kinds = {stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFBLK: "device", stat.S_IFCHR: "device"}
    return _failed("file-special", path, relative, f"a {kinds.get(stat.S_IFMT(mode), 'special file')}, not a file")


def _link(path: str, relative: str) -> Passed:
    return Passed(path, "a symbolic link: to follow links, add --links follow", relative=relative, kind="link")


def follows(links: str) -> bool:
    """Whether symbolic links are followed. Raises usage for another word than ``skip`` or ``follow``."""
    if links not in {"skip", "follow"}:
        raise BadUsage("links is skip or follow")
    return links == "follow"


def links_left(count: int) -> str:
    """What is said of symbolic links that were passed over."""
    subject = "1 symbolic link was" if count == 1 else f"{count} symbolic links were"
    return f"{subject} left out: --links follow takes {'it' if count == 1 else 'them'}"


def _unreadable(path: str, relative: str, error: OSError | ValueError) -> Passed:
    if isinstance(error, FileNotFoundError):
        if os.path.islink(path.rstrip("/")):
            return _failed("link-broken", path, relative, "a symbolic link to nothing")
        return _failed("source-vanished", path, relative, "it is gone")
    words = error.strerror if isinstance(error, OSError) else ""
    return _failed("file-unreadable", path, relative, words or str(error))


def _failed(reference: str, path: str, relative: str, reason: str, hint: str = "") -> Passed:
    # What would be shown escaped, and could not be pasted, is one character: "?".
    shown = "".join(letter if letter.isprintable() else "?" for letter in literal(relative.rstrip("/")))
    pattern = f"/{shown}" if relative else "PATTERN"
    error = error_of(
        reference,
        f"{path} was not sent: {reason}",
        code=ExitCode.LOCAL,
        hint=hint or f"if it is not needed, leave it out: --exclude {shlex.quote(pattern)}",
    )
    return Passed(path, reason, error, relative)
