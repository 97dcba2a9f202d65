"""Unmounting: what was written is sent, who holds the mount is waited for, and the store is asked what it has."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError, TypedError
from jsobj.identity.settings import Settings
from jsobj.mount import folder as folders
from jsobj.mount import process, record, table
from jsobj.mount.ground import TRIES, place_of, request_of
from jsobj.mount.holders import NOBODY, Held, Holder, holders_of
from jsobj.mount.mounters.protocol import Mounter
from jsobj.mount.mounters.registry import fusermount, mounter_of
from jsobj.mount.record import Mount
from jsobj.mount.steps import Seen, Step, next_step
from jsobj.net.retry import RetryPolicy
from jsobj.store.location import head_or_none
from jsobj.store.open import open_store

TIMEOUT = 60.0
_POLL = 0.1
_END_SECONDS = 3.0  # of a mounter, once nothing holds it
_UNMOUNT_SECONDS = 30.0
_TRY_SECONDS = 3.0  # between two attempts to send what could not be sent
_REPAIR = "send what is left: jsobj mounts --repair"
_UNMOUNTED = "it is no longer in the table of mounts, and its mounter lives until those processes end"


class MountBusy(TypedError, reference="mount-busy", code=ExitCode.REFUSED):
    """Processes hold the mount; ``holders`` are those that could be seen."""

    holders: tuple[Holder, ...] = ()


class MountNotFlushed(TypedError, reference="mount-not-flushed", code=ExitCode.NETWORK):
    """What was written is not in the store; ``names`` are the keys."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """A mount that is gone. ``proven``: the names that waited, and that the store has. ``failure``: the last one that a
    mounter without a cache has met, and of which it told the program.
    """

    mount: Mount
    proven: tuple[str, ...]
    failure: str = ""


@dataclass(slots=True)
class _Watch:
    """What is seen while it ends. ``names``: all that waited; ``proven``: of those, what the store has."""

    settings: Settings
    mount: Mount
    mounter: Mounter
    say: Callable[[str], None]
    names: set[str] = field(default_factory=set)
    proven: set[str] = field(default_factory=set)
    said: set[object] = field(default_factory=set)
    furthest: dict[str, int] = field(default_factory=dict)
    there: table.Mounted | None = None
    held: Held = NOBODY
    failure: str = ""
    next_try: float = 0.0
    refused: bool = False

    @property
    def where(self) -> record.Places:
        return record.places(self.settings, self.mount.id)

    def look(self) -> Seen:
        alive = not process.ended(self.settings, self.mount, 0)
        there = _mounted(self.mount)
        if alive:
            self._hurry()
        # In this order: who writes closes the file first, which then waits.
        self.there = there or self.there
        self.held = (
            holders_of(self.there, apart_from=self._mounter_pid()) if self.there and (there or alive) else NOBODY
        )
        waiting = self.mounter.waiting(self.mount, self.where)
        self.names |= {each.name for each in waiting}
        self.proven -= {each.name for each in waiting}  # written once more
        return Seen(there is not None, alive, waiting, self._in_the_way(there), self.refused)

    def _hurry(self) -> None:
        """What failed only now and then: a server that is asked too often, or with a wrong password, shuts its door."""
        failed = time.monotonic() >= self.next_try
        if failed:
            self.next_try = time.monotonic() + _TRY_SECONDS
        self.mounter.hurry(self.where, failed=failed)
        self.failure = self.mounter.failure(self.where) or self.failure

    def _in_the_way(self, there: table.Mounted | None) -> tuple[Holder, ...]:
        return tuple(each for each in self.held.holders if there is None or not each.copy)

    def _mounter_pid(self) -> frozenset[int]:
        return frozenset({self.mount.process.pid} if self.mount.process else ())

    def progress(self, seen: Seen) -> tuple[object, ...]:
        """Changes as long as something is sent; attempts that come no further than an earlier one are none."""
        for name, count in self.mounter.moved(self.where).items():
            self.furthest[name] = max(count, self.furthest.get(name, 0))
        return len(seen.waiting), sum(each.size for each in seen.waiting), sum(self.furthest.values())

    def tell(self, seen: Seen) -> None:
        """Say once for whom or what it waits."""
        for holder in seen.holders:
            if (holder.pid, holder.how, holder.path) not in self.said:
                self.said.add((holder.pid, holder.how, holder.path))
                self.say(f"busy: {holder}")
        if seen.unsent and "sending" not in self.said:
            self.said.add("sending")
            self.say(f"sending {_counted(len(seen.unsent))} that waits in the cache")


def umount(
    settings: Settings,
    mount: Mount,
    *,
    timeout: float = TIMEOUT,
    lazy: bool = False,
    names: Collection[str] = (),
    say: Callable[[str], None] = lambda text: None,
) -> Ended:
    """Unmount, so that nothing is lost; nobody is killed.

    ``timeout``: seconds to wait for those who hold it, and for the store while nothing is sent. With ``lazy`` it leaves
    the table at the end of that time in any case. ``names``: files that waited
    before, for which the store is asked too.

    Raises :class:`MountBusy`, with the processes; :class:`MountNotFlushed`, with the names; failure where the system
    refuses to unmount. It is then still mounted, unless ``lazy``.
    """
    os.chdir("/") if _inside(mount) else None
    with record.alone(settings, mount.id, timeout) as waited:
        now = record.read(settings, mount.id) if waited else mount
        if now is None:
            return Ended(mount, ())  # by the other one, which has proven it
        watch = _Watch(settings, now, mounter_of(mount.backend), say, set(names))
        return _to_the_end(watch, timeout=timeout, lazy=lazy)


def _to_the_end(watch: _Watch, *, timeout: float, lazy: bool) -> Ended:
    settings, mount = watch.settings, watch.mount
    begun, last = time.monotonic(), None
    while True:
        seen = watch.look()
        if last is not None and (now := watch.progress(seen)) != last:
            begun, last = time.monotonic(), now
        elif last is None:
            last = watch.progress(seen)
        step = next_step(seen, over=time.monotonic() - begun > timeout, lazy=lazy)
        if step is Step.WAIT:
            watch.tell(seen)
            watch.refused = False  # a file that was closed just now keeps it busy for a moment: it is tried again
            time.sleep(_POLL)
        elif step in (Step.UNMOUNT, Step.DETACH):
            if not seen.waiting:
                _prove(watch, f"so {mount.folder} stays mounted")
            watch.refused = not _unmount(mount.path, lazy=step is Step.DETACH)
            if step is Step.DETACH:
                return _detached(watch, seen)
            if not watch.refused:
                process.ended(settings, mount, _END_SECONDS)
        elif step is Step.GONE:
            return _finished(watch)
        else:
            raise _busy(watch, "" if seen.mounted else _UNMOUNTED) if step is Step.BUSY else _unsent(watch, seen)


def flush(
    settings: Settings, mount: Mount, names: Collection[str], *, timeout: float = TIMEOUT, also_open: bool = False
) -> tuple[str, ...]:
    """Have sent what waits, and stay mounted; the keys of ``names`` and of all that waited, which the store has.

    What a program still writes does not count, unless ``also_open``. Raises :class:`MountNotFlushed`.
    """
    watch = _Watch(settings, mount, mounter_of(mount.backend), lambda text: None, set(names))
    seen = watch.look()
    begun, last = time.monotonic(), watch.progress(seen)
    while seen.waiting if also_open else seen.unsent:
        if (now := watch.progress(seen)) != last:
            begun, last = time.monotonic(), now
        if not seen.alive or time.monotonic() - begun > timeout:
            raise _unsent(watch, seen)
        time.sleep(_POLL)
        seen = watch.look()
    watch.names -= {each.name for each in seen.waiting}
    _prove(watch, f"so {mount.folder} stays mounted")
    return tuple(sorted(map(mount.key, watch.names)))


def let_go(settings: Settings, mount: Mount) -> None:
    """Unmount with what waits, which stays in the cache, and see the mounter end.

    Raises :class:`MountBusy`: nothing is unmounted then, or the mounter lives on.
    """
    watch = _Watch(settings, mount, mounter_of(mount.backend), lambda text: None)
    if watch.look().holders or not _unmount(mount.path, lazy=False):
        raise _busy(watch)
    if not process.ended(settings, mount, _UNMOUNT_SECONDS):
        raise _busy(watch, _UNMOUNTED)


def detach_stale(folder: str) -> None:
    """Take a mount whose mounter is dead out of the table, also where somebody holds it: nothing can be lost by that.

    Raises :class:`JsobjError` (failure).
    """
    path = Path(folder)
    if not _unmount(path, lazy=False):
        _unmount(path, lazy=True)


def _inside(mount: Mount) -> bool:
    """Whether this process itself sits in the mount."""
    try:
        return Path(os.readlink("/proc/self/cwd")).is_relative_to(mount.path)
    except OSError:
        return False


def _mounted(mount: Mount) -> table.Mounted | None:
    found = table.at(mount.path, table.read())
    return found if found is not None and found.object_store else None


def _unmount(folder: Path, *, lazy: bool) -> bool:
    """Whether the kernel let it go. Raises :class:`JsobjError` (failure) for a refusal that is not "busy"."""
    program = fusermount()
    if os.geteuid() == 0 and (root := shutil.which("umount")):
        words = [root, "--no-canonicalize", *(["--lazy"] if lazy else []), str(folder)]
    else:
        words = [program or "fusermount3", "-u", *(["-z"] if lazy else []), str(folder)]
    try:
        done = subprocess.run(  # noqa: S603 - a known program, no shell
            words, capture_output=True, text=True, timeout=_UNMOUNT_SECONDS, check=False, cwd="/"
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise _not_unmounted(folder, str(error)) from error
    if done.returncode == 0 or table.at(folder, table.read()) is None:
        return True
    if "busy" in done.stderr.lower():
        return False
    raise _not_unmounted(folder, done.stderr.strip())


def _not_unmounted(folder: Path, why: str) -> JsobjError:
    return JsobjError(
        "mount-not-unmounted",
        f"the system does not unmount {folder}",
        code=ExitCode.FAILURE,
        context=why[:300],
        hint="see it: jsobj mounts",
    )


def _prove(watch: _Watch, so: str) -> None:
    """Ask the store for every name that waited and was not proven yet. Raises :class:`MountNotFlushed`.

    A file that is no longer in the cache was removed or renamed meanwhile, or sent before it left: what waits never
    leaves.
    """
    mount, missing = watch.mount, []
    names = sorted(watch.names - watch.proven)
    if not names:
        return
    try:
        retry = RetryPolicy(tries=TRIES)
        with closing(open_store(watch.settings, place_of(mount), request_of(mount), retry=retry)) as store:
            for name in names:
                size = watch.mounter.size(mount, watch.where, name)
                there = head_or_none(store, mount.key(name)) if size is not None else None
                if size is not None and (there is None or there.size != size):
                    missing.append(name)
                else:
                    watch.proven.add(name)
    except JsobjError as error:
        watch.failure = error.message
        raise _error_unsent(watch, names, f"the store could not be asked for what was sent, {so}") from error
    if missing:
        raise _error_unsent(watch, missing, f"the store does not have all that was sent, {so}")


def _finished(watch: _Watch) -> Ended:
    """The mount is gone, its mounter has ended, and nothing waits."""
    _prove(watch, "and it is unmounted")
    mount = watch.mount
    # Asked once more: s3fs writes its log when it ends.
    failure = "" if watch.names else watch.mounter.failure(watch.where) or watch.failure
    if failure:
        watch.say(f"{watch.mounter.title} has met failures, and told the programs: {failure}")
    folders.unshield(mount.path)
    record.forget(watch.settings, mount)
    folders.left(mount.path, made=mount.made)
    return Ended(mount, tuple(sorted(map(mount.key, watch.names))), failure)


def _detached(watch: _Watch, seen: Seen) -> Ended:
    """After ``--lazy``: gone from the table; done only if its mounter has ended too, with nothing left."""
    if process.ended(watch.settings, watch.mount, _END_SECONDS if not seen.holders else 1.0):
        after = watch.mounter.waiting(watch.mount, watch.where)
        if not after:
            return _finished(watch)
        raise _error_unsent(watch, [each.name for each in after], "it is unmounted, and not all of it was sent")
    if unsent := watch.mounter.waiting(watch.mount, watch.where):
        raise _error_unsent(watch, [each.name for each in unsent], "it is unmounted, and not all of it was sent")
    raise _busy(watch, _UNMOUNTED)


def _busy(watch: _Watch, message: str = "") -> JsobjError:
    holders = watch.held.holders
    lines = [str(each) for each in holders]
    if not lines:
        lines = ["no process that could be looked at"]
    if watch.held.hidden:
        lines.append(f"{watch.held.hidden} processes of other users could not be looked at")
    error = MountBusy(
        message or f"{watch.mount.folder} is busy, and still mounted",
        context="; ".join(lines),
        hint=f"leave the folder and close the files, then: jsobj umount {watch.mount.folder}",
    )
    error.holders = holders
    return error


def _unsent(watch: _Watch, seen: Seen) -> JsobjError:
    if not seen.alive:
        where = "still in the table of mounts" if seen.mounted else "unmounted"
        message = f"the mounter of {watch.mount.folder} has ended ({where}) before all was sent"
        return _error_unsent(watch, [each.name for each in seen.waiting], message)
    return _error_unsent(
        watch,
        [each.name for each in seen.waiting],
        f"not all that was written is in the store, so {watch.mount.folder} stays mounted",
        (
            f"what waits is kept; when the store is back: jsobj umount {watch.mount.folder}",
            "if the key or login has ended, get a new one, then: jsobj mounts --repair",
        ),
    )


def _error_unsent(watch: _Watch, names: list[str], message: str, hint: str | tuple[str, ...] = _REPAIR) -> JsobjError:
    keys = tuple(watch.mount.key(name) for name in names)
    shown = ", ".join(keys[:20]) + (f" and {len(keys) - 20} more" if len(keys) > 20 else "")
    held = "".join(f"; held by {each}" for each in watch.held.holders[:5])
    said = f"; {watch.failure}" if watch.failure else ""
    error = MountNotFlushed(message, context=f"{_counted(len(keys))}: {shown}{held}{said}", hint=hint)
    error.names = keys
    return error


def _counted(number: int) -> str:
    return f"{number} file" + ("s" if number != 1 else "")
