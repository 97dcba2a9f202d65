"""Mounting: everything is looked at first, then the mounter starts, and its mount is there when it lists."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.mount import folder as folders
from jsobj.mount import process, record, table
from jsobj.mount.end import detach_stale
from jsobj.mount.ground import Way, Wish, place_of, request_of, way_to
from jsobj.mount.mounters.protocol import Mounter
from jsobj.mount.mounters.registry import choose, fusermount
from jsobj.mount.pulse import Pulse, feel
from jsobj.mount.record import Mount
from jsobj.store.open import StoreRequest

FUSE = Path("/dev/fuse")
_START_SECONDS = 30.0  # until it is in the table
_LIST_SECONDS = 60.0  # until it lists: a folder with very many objects takes that long
_POLL = 0.02


@dataclass(frozen=True, slots=True)
class Begun:
    """A mount that is there. ``slow``: its first listing has not come yet."""

    mount: Mount
    slow: bool


def mount(
    settings: Settings,
    wish: Wish,
    at: Path | None,
    request: StoreRequest,
    *,
    alone: bool = False,
    warn: Callable[[str], None] = lambda text: None,
) -> Begun:
    """Mount on a folder; without one, on a folder of the mount's own. ``alone``: in a namespace of its own.

    Raises :class:`JsobjError`: as the store for a bucket that cannot be read; refused for a folder that will not do;
    local where no mounter is here, or where it fails, in its own words.
    """
    require_fuse()
    way = way_to(settings, wish.place, request, warn)
    mounter, _ = choose(wish.backend, way.dialect, write=wish.write)
    known = _left_there(settings, way, wish, at) if at is not None else None
    id = known.id if known is not None else record.new_id()
    if at is None:
        where, made = record.places(settings, id).private, True
    elif known is None:
        where, made = folders.fit(at)
    with record.alone(settings, id, make=True):
        if known is not None and at is not None:
            if not record.alive(settings, known):
                detach_stale(known.folder)
            where, made = folders.fit(at)
        wished = _recorded(way, wish, request, mounter, id, where, made=made, run=at is None)
        try:
            record.write(settings, wished)
            where.mkdir(0o700, exist_ok=True)
            if alone:
                folders.shield(where)
            return start(settings, wished, where, way)
        except BaseException:
            if known is None:
                _withdraw(settings, wished, where)
            raise


def _left_there(settings: Settings, way: Way, wish: Wish, at: Path) -> Mount | None:
    """The same mount, whose mounter has died: with its cache, what was left is sent by the next one."""
    where = folders.real(at)
    for each in record.all_mounts(settings):
        same = (each.path, each.dialect, each.bucket, each.prefix) == (where, way.dialect, way.bucket, way.prefix)
        if same and wish.write >= each.write and wish.backend in ("", each.backend):
            return None if record.alive(settings, each) else each
    return None


def _withdraw(settings: Settings, made: Mount, where: Path) -> None:
    """Nothing was written by a mount that was never there."""
    now = record.read(settings, made.id) or made
    if record.alive(settings, now):
        process.end(settings, now)
    folders.unshield(where)
    if now.process is None or table.at(where, table.read()) is None:
        record.forget(settings, made)
        folders.left(where, made=made.made)


def _recorded(
    way: Way, wish: Wish, request: StoreRequest, mounter: Mounter, id: str, where: Path, *, made: bool, run: bool
) -> Mount:
    return Mount(
        id=id,
        folder=str(where),
        dialect=way.dialect,
        bucket=way.bucket,
        prefix=way.prefix,
        backend=mounter.name,
        write=wish.write,
        cache=wish.cache,
        cloud=way.cloud,
        profile=way.profile,
        endpoint=request.endpoint,
        unsigned=request.unsigned,
        run=run,
        made=made,
        host=os.uname().nodename,
        created=time.time(),
    )


def again(settings: Settings, known: Mount, where: Path, *, first: Callable[[], None] = lambda: None) -> Mount:
    """Mount once more, with the same cache, what is known from its record and has ended. Raises as :func:`mount`.

    ``first`` takes away what is still mounted there, once the store has answered.
    """
    require_fuse()
    way = way_to(settings, place_of(known), request_of(known), lambda text: None)
    with record.alone(settings, known.id):
        first()
        if not known.run:
            _, made = folders.fit(where)
            known = replace(known, made=known.made or made)
        where.mkdir(0o700, exist_ok=True)
        return start(settings, known, where, way).mount


def start(settings: Settings, wished: Mount, where: Path, way: Way) -> Begun:
    """Start the mounter and wait until the mount lists. Raises :class:`JsobjError`; the mounter has ended then."""
    mounter, program = choose(wished.backend, wished.dialect, write=wished.write)
    places = record.places(settings, wished.id)
    mounter.prepare(wished, places)
    with folders.opened(where) as plain:
        started = process.start(settings, wished, mounter.start(program, way.ground, wished, places, where))
        try:
            if not _appeared(settings, started, where):
                raise _failed(settings, started, mounter)
            pulse = feel(where, _LIST_SECONDS)
            if pulse not in (Pulse.ALIVE, Pulse.SLOW):
                raise _failed(settings, started, mounter)
        except BaseException:
            process.end(settings, started)
            raise
        if os.listdir(plain):
            raise JsobjError(
                "mount-folder-not-empty",
                f"something was written into {where} while it was being mounted, and is hidden now",
                code=ExitCode.REFUSED,
                hint=f"unmount, and look what is in the folder: jsobj umount {where}",
            )
    return Begun(started, pulse is Pulse.SLOW)


def _appeared(settings: Settings, started: Mount, where: Path) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        there = table.at(where, table.read())
        if there is not None and there.object_store:
            return True
        if process.ended(settings, started, 0):
            return False
        time.sleep(_POLL)
    return False


def _failed(settings: Settings, started: Mount, mounter: Mounter) -> JsobjError:
    try:
        text = record.places(settings, started.id).log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = " / ".join(lines[-3:])[:500]
    hint = "look at what mounting needs here: jsobj doctor mounts"
    if not fusermount():
        hint = "FUSE's helper is missing: apt-get install fuse3"
    return JsobjError(
        "mount-failed",
        f"{mounter.title} did not mount {started.url}",
        code=ExitCode.LOCAL,
        context=said or "it said nothing",
        hint=hint,
    )


def require_fuse() -> None:
    """Raise :class:`JsobjError` (local) where this machine has no FUSE, or not for this user."""
    if not FUSE.exists():
        raise JsobjError(
            "fuse-missing",
            f"this machine has no FUSE: {FUSE} is not there",
            code=ExitCode.LOCAL,
            hint=(
                "in a container, start it with the device: --device /dev/fuse --cap-add SYS_ADMIN",
                "without FUSE: jsobj download, or h5py and xarray on swift:// URLs (jsobj help mounts)",
            ),
        )
    if not os.access(FUSE, os.R_OK | os.W_OK):
        raise JsobjError(
            "fuse-forbidden",
            f"you may not use {FUSE}",
            code=ExitCode.LOCAL,
            context=f"mode {FUSE.stat().st_mode & 0o777:04o}",
            hint="ask who runs the machine for: apt-get install fuse3, or chmod 0666 /dev/fuse",
        )
