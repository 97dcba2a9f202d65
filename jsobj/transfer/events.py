"""What a transfer tells while it runs, and the numbers that whoever draws it may read at any time.

Events are frozen values; they are sent from worker threads, one at a time (the sender holds a lock), so a listener
needs none. Bytes pass too often for events: :class:`Tally` counts them, and who draws looks at it as often as it likes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from jsobj.errors import JsobjError


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins. ``verb``: ``upload``, ``download``, ``copy``, ``delete`` or ``verify``; ``job``: its journal."""

    verb: str
    source: str
    destination: str
    job: str = ""
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class ItemStarted:
    """An item that takes a while (more than one part) begins, at ``already`` bytes where it is resumed."""

    item: str
    size: int | None
    already: int = 0


@dataclass(frozen=True, slots=True)
class Retried:
    """A request is tried again in ``wait`` seconds."""

    item: str
    reason: str
    wait: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nothing to do for this item, and why: ``same content``, ``excluded`` ..."""

    item: str
    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """An item arrived. ``verified`` names what was compared (``md5``, ``sha256``, ``parts``), "" for size only."""

    item: str
    destination: str
    size: int
    verified: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """An item did not arrive; the others go on."""

    item: str
    error: JsobjError


@dataclass(frozen=True, slots=True)
class Noted:
    """Something the user should know: a link that was not followed, a source that started over.

    ``warning``: it matters to whoever reads the result, and is said to ``--quiet`` too.
    """

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """The run is over. ``seconds`` of wall time; ``size`` bytes that were moved in it (resumed ones not again)."""

    verb: str
    done: int
    skipped: int
    failed: int
    size: int
    verified: int
    unverified: int
    retries: int
    seconds: float
    interrupted: bool = False
    job: str = ""


Event: TypeAlias = Started | ItemStarted | Retried | Skipped | Done | Failed | Noted | Summary
Listener: TypeAlias = Callable[[Event], None]


class Tally:
    """Numbers of a run under way. ``found_*`` grow while the plan is made; ``planned`` says that it is complete."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.found_items = 0
        self.found_bytes = 0
        self.planned = False
        self.done = self.skipped = self.failed = self.retries = 0
        self.verified = self.unverified = 0
        self.done_bytes = 0
        self._moved: dict[int, int] = {}

    def moved(self, count: int) -> None:
        """Bytes passed (negative: a retry takes them back). Safe from every thread, and takes no lock."""
        me = threading.get_ident()
        self._moved[me] = self._moved.get(me, 0) + count

    @property
    def bytes(self) -> int:
        """Bytes that passed so far."""
        return sum(list(self._moved.values()))


class Teller:
    """Passes events on to one listener, one at a time; counts retries."""

    def __init__(self, listener: Listener, tally: Tally) -> None:
        self._listener = listener
        self._tally = tally
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Tell an event."""
        with self._lock:
            self._listener(event)

    def retried(self, item: str, reason: str, wait: float) -> None:
        """A :data:`jsobj.store.patience.Told`."""
        self._tally.retries += 1
        self(Retried(item, reason, wait))
