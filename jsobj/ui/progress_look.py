"""The state of a running transfer, as every kind of progress shows it, and the base of these."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from jsobj.transfer.events import Event, ItemStarted, Tally
from jsobj.units import human_bytes

_WINDOW = 10.0  # seconds over which the rate is taken
_SPACING = 0.5  # seconds between two samples of it
# Unit, its seconds, the unit below, its seconds, and the seconds up to which both are used.
_UNITS = (("min", 60, "s", 1, 3600), ("h", 3600, "min", 60, 86400), ("d", 86400, "h", 3600, 0))


@dataclass(frozen=True, slots=True)
class Look:
    """Sizes in bytes, ``rate`` in bytes a second, ``left`` in seconds (None if unknown).

    ``items`` of ``found_items`` have ended, well or not; ``planned``: the totals are all that there is.
    """

    items: int
    found_items: int
    size: int
    found_size: int
    planned: bool
    rate: float
    left: float | None
    failed: int
    retries: int


class Display:
    """One way to show progress. ``first`` and ``every``: seconds to the first drawing and between two."""

    first: float
    every: float

    def draw(self, look: Look, active: tuple[ItemStarted, ...], trouble: str) -> None:
        """Show the state. ``active``: large items in transfer; ``trouble``: the reason of a retry, or ""."""
        raise NotImplementedError

    def handle(self, event: Event) -> None:
        """Show an event at once."""

    def close(self) -> None:
        """Clean up the screen."""


class Pace:
    """Takes looks at a tally, with the rate over the last seconds."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._samples: deque[tuple[float, int]] = deque([(tally.began, 0)])

    def look(self, now: float | None = None) -> Look:
        """The state; ``now`` as of :func:`time.monotonic`."""
        tally = self._tally
        moment = time.monotonic() if now is None else now
        size = tally.bytes
        rate = self._rate(moment, size)
        items, found = tally.found_items, tally.found_bytes
        known, ahead = tally.planned, tally.ahead
        if ahead is not None and not known:
            known = True
            items += max(0, ahead[0] - tally.seen_items)
            found += max(0, ahead[1] - tally.seen_bytes)
        found = max(found, size)
        left = (found - size) / rate if known and rate > 0 else None
        ended = tally.done + tally.failed
        return Look(
            items=ended,
            found_items=max(items, ended),
            size=size,
            found_size=found,
            planned=known,
            rate=rate,
            left=left,
            failed=tally.failed,
            retries=tally.retries,
        )

    def _rate(self, now: float, size: int) -> float:
        samples = self._samples
        while len(samples) > 1 and now - samples[1][0] >= _WINDOW:
            samples.popleft()
        before, moved = samples[0]
        if now - samples[-1][0] >= _SPACING:
            samples.append((now, size))
        return max(0.0, (size - moved) / (now - before)) if now > before else 0.0


def sentence(look: Look) -> str:
    """``12/2000, 1.2 GiB of 3.4 GiB (35%), 85 MiB/s, 26 s left``."""
    more = "" if look.planned else "+"
    parts = [f"{look.items}/{look.found_items}{more}"]
    if look.found_size:  # else nothing is transferred, as for deletions
        size = f"{human_bytes(look.size)} of {human_bytes(look.found_size)}{more}"
        parts.append(f"{size} ({100 * look.size // look.found_size}%)" if look.planned else size)
        parts.append(f"{human_bytes(int(look.rate))}/s")
    if look.left is not None and look.found_size:
        parts.append(f"{human_seconds(look.left)} left")
    return ", ".join([*parts, *troubles(look)])


def troubles(look: Look) -> list[str]:
    """Counts of failures and retries."""
    return [f"{number} {word}" for number, word in ((look.failed, "failed"), (look.retries, "retries")) if number]


def human_seconds(seconds: float) -> str:
    """``0.4 s``, ``41 s``, ``3 min 12 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    unit, size, below, part = next((u for u in _UNITS if whole < u[4]), _UNITS[-1])[:4]
    rest = whole % size // part
    return f"{whole // size} {unit} {rest} {below}" if rest else f"{whole // size} {unit}"
