"""What to do next with a mount that is to go: decided from what was seen, without doing anything."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from jsobj.mount.holders import Holder
from jsobj.mount.mounters.protocol import Waiting


class Step(enum.Enum):
    """The next step; the first three are not the end."""

    WAIT = enum.auto()  # until it is sent, who holds it leaves, or the mounter ends
    UNMOUNT = enum.auto()
    DETACH = enum.auto()  # from the table now, also where somebody holds it
    GONE = enum.auto()  # and nothing is left
    BUSY = enum.auto()
    UNSENT = enum.auto()


@dataclass(frozen=True, slots=True)
class Seen:
    """A mount at one moment. ``refused``: the kernel has just said that it is busy."""

    mounted: bool
    alive: bool
    waiting: tuple[Waiting, ...] = ()
    holders: tuple[Holder, ...] = ()
    refused: bool = False

    @property
    def unsent(self) -> tuple[Waiting, ...]:
        """What waits and is not open for writing, which could not have been sent yet."""
        being_written = {holder.path for holder in self.holders if holder.writing}
        return tuple(each for each in self.waiting if not any(path.endswith(f"/{each.name}") for path in being_written))


def next_step(seen: Seen, *, over: bool, lazy: bool) -> Step:
    """``over``: the time is up. ``lazy``: nobody who holds it is waited for.

    Nothing is unmounted while something waits, except lazily when the time is up, or where the mounter is dead and
    nothing can be sent by waiting.
    """
    if not seen.mounted:
        if seen.alive:
            return Step.BUSY if over else Step.WAIT
        return Step.UNSENT if seen.waiting else Step.GONE
    held = bool(seen.holders) or seen.refused
    if not seen.alive:
        if seen.waiting and not lazy:
            return Step.UNSENT
        return _let_go(held, over=over, lazy=lazy)
    if seen.unsent or (seen.waiting and not held):
        if not over:
            return Step.WAIT
        return Step.DETACH if lazy else Step.UNSENT
    return _let_go(held, over=over, lazy=lazy)


def _let_go(held: bool, *, over: bool, lazy: bool) -> Step:
    if not held:
        return Step.UNMOUNT
    if lazy:
        return Step.DETACH
    return Step.BUSY if over else Step.WAIT
