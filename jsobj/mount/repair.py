"""After a mounter was killed, the machine went down, or a key ended: stale mounts go, ours come back, and what was left
is sent.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from jsobj.errors import JsobjError
from jsobj.identity.settings import Settings
from jsobj.mount import end, record, table
from jsobj.mount import folder as folders
from jsobj.mount.begin import again
from jsobj.mount.pulse import Pulse, feel
from jsobj.mount.record import Mount
from jsobj.mount.state import SECONDS, State
from jsobj.processes import boot_id

_FLUSH_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done with one. ``sent``: keys of what was left, which the store has now. ``error``: what stopped it."""

    state: State
    done: str
    sent: tuple[str, ...] = ()
    error: JsobjError | None = None


def repair(settings: Settings, state: State, *, say: Callable[[str], None]) -> Repaired:
    """Mend one mount that is sick; nothing is raised."""
    try:
        if state.mount is None:
            if feel(Path(state.folder), SECONDS) is not Pulse.STALE:
                return Repaired(state, "mounted again by others")
            end.detach_stale(state.folder)
            return Repaired(state, "unmounted")
        return _ours(settings, state, state.mount, say)
    except JsobjError as error:
        return Repaired(state, "failed", error=error)


def mine(state: State) -> bool:
    """Whether this user may unmount it."""
    return state.mount is not None or (state.there is not None and state.there.user in (None, os.getuid()))


def _ours(settings: Settings, state: State, mount: Mount, say: Callable[[str], None]) -> Repaired:
    if state.words == "failing":
        return _renewed(settings, state, mount, say)
    stale = state.pulse is Pulse.STALE
    taken = not stale and table.at(mount.path, table.read()) is not None
    if not mount.run and not taken and (stale or mount.boot != boot_id()):
        return _back(settings, state, mount, say, lambda: _detach(settings, mount) if stale else None)
    if stale:
        _detach(settings, mount)
    if state.waiting:
        sent = send_left(settings, mount, state, say=say)
        folders.left(mount.path, made=mount.made)
        return Repaired(state, "sent", sent)
    with record.alone(settings, mount.id):
        record.forget(settings, mount)
        folders.left(mount.path, made=mount.made)
    return Repaired(state, "forgotten")


def _detach(settings: Settings, mount: Mount) -> None:
    """Unless it was mounted again meanwhile."""
    if not record.alive(settings, mount):
        end.detach_stale(mount.folder)


def _renewed(settings: Settings, state: State, mount: Mount, say: Callable[[str], None]) -> Repaired:
    """The store may be back. Else the mounter's key or login may have ended: a new one has those of now."""
    try:
        sent = end.flush(settings, mount, {each.name for each in state.waiting}, timeout=_FLUSH_SECONDS)
    except end.MountNotFlushed:
        return _back(settings, state, mount, say, lambda: end.let_go(settings, mount))
    return Repaired(state, "sent", sent)


def _back(
    settings: Settings, state: State, mount: Mount, say: Callable[[str], None], first: Callable[[], None]
) -> Repaired:
    """Mount it where it was, and send what was left."""
    mounted = again(settings, mount, mount.path, first=first)
    if not state.waiting:
        return Repaired(state, "mounted again")
    say(f"sending what was left of {mount.url}")
    sent = end.flush(settings, mounted, {each.name for each in state.waiting})
    return Repaired(state, "mounted again", sent)


def send_left(settings: Settings, mount: Mount, state: State, *, say: Callable[[str], None]) -> tuple[str, ...]:
    """Send what waits in the cache of a mount that is gone, through a mount that nobody sees; the keys.

    Raises :class:`JsobjError`; what waits stays then.
    """
    where = record.places(settings, mount.id).private
    say(f"sending what was left of {mount.url}")
    private = again(settings, replace(mount, folder=str(where), made=True, run=True), where)
    return end.umount(settings, private, names=[each.name for each in state.waiting], say=say).proven
