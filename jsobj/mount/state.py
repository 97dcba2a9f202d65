"""All mounts of object stores on this machine, ours and others', and what of ours is left without a mount."""

from __future__ import annotations

from dataclasses import dataclass

from jsobj.identity.settings import Settings
from jsobj.mount import pulse, record, table
from jsobj.mount.mounters.protocol import Waiting
from jsobj.mount.mounters.registry import mounter_of
from jsobj.mount.pulse import Pulse
from jsobj.mount.record import Mount

SECONDS = 5.0  # that a mount has to answer


@dataclass(frozen=True, slots=True)
class State:
    """One mount. ``mount``: None for one that jsobj has not made. ``there``: None where it is not in the table.

    ``alive``: of ours, that its mounter lives. ``waiting``: what was written and is not in the store; ``failure``: what
    the mounter says of that which it could not send.
    """

    mount: Mount | None
    there: table.Mounted | None
    pulse: Pulse | None
    alive: bool
    waiting: tuple[Waiting, ...] = ()
    failure: str = ""

    @property
    def folder(self) -> str:
        """Where it is, or was."""
        return str(self.there.folder) if self.there else self.mount.folder if self.mount else ""

    @property
    def words(self) -> str:
        """For people and programs: ``alive``, ``slow``, ``stale``, ``faulty``; ``failing`` where it lives and could not
        send what waits; ``running`` for a command of its own; ``ending`` where only the mounter is left, ``dead`` where
        neither is.
        """
        if self.mount is not None and self.mount.run and self.alive and self.there is None:
            return "running"
        if self.alive and self.there is not None and self.waiting and self.failure:
            return "failing"
        if self.pulse is not None:
            return self.pulse.value
        return "ending" if self.alive else "dead"

    @property
    def sick(self) -> bool:
        """Whether repairing would change something."""
        return self.words in ("stale", "dead", "failing")


def states(settings: Settings, seconds: float = SECONDS) -> tuple[State, ...]:
    """All, ours first. Each is asked by a child of its own, all at the same time."""
    mounts = table.read()
    ours = list(record.all_mounts(settings))
    shown = {each.folder: each for each in mounts if each.object_store}
    # Of two with one folder, what is mounted there is the living one's; of the dead one, something may be left.
    owners = {each.path: each.id for each in sorted(ours, key=lambda each: record.alive(settings, each))}
    places = [(each, shown.pop(each.path, None) if owners[each.path] == each.id else None) for each in ours]
    places += [(None, each) for each in shown.values()]  # type: ignore[misc]
    asked = [(mount, there, pulse.asked(there.folder) if there else None) for mount, there in places]
    return tuple(
        _state(settings, mount, there, pulse.waited(child, seconds) if child else None) for mount, there, child in asked
    )


def _state(settings: Settings, mount: Mount | None, there: table.Mounted | None, felt: Pulse | None) -> State:
    if mount is None:
        return State(None, there, felt, alive=felt is not Pulse.STALE)
    mounter, where = mounter_of(mount.backend), record.places(settings, mount.id)
    alive, waiting = record.alive(settings, mount), mounter.waiting(mount, where)
    return State(mount, there, felt, alive, waiting, mounter.failure(where) if alive and waiting else "")
