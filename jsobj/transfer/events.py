"""Events and counters of a running transfer.

Events are frozen values; worker threads emit them one at a time (:class:`EventBus` holds a lock), so a listener needs
no lock. Bytes pass too often for events: :class:`Tally` counts them, and a display reads it as often as it likes.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from jsobj.errors import JsobjError
from jsobj.transfer.engine.count import Count


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins. ``verb``: ``upload``, ``download``, ``copy``, ``sync``, ``delete`` ...; ``job``: its journal."""

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
    """Nothing to do for this item, and why: ``same content``, ``exists already`` ...

    ``compared``: by its content; else it was left as it is for its name or its size.
    """

    item: str
    reason: str
    compared: bool = True


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that does not take part, and why.

    ``kind``: ``link`` (symbolic), ``filter`` (by a pattern), ``held`` (back) or ``other``.
    """

    item: str
    reason: str
    kind: str


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
    """Something the user should know: links that were not followed, a source that started over.

    ``warning``: it affects the result, and is shown with ``--quiet`` too.
    """

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """The run is over. ``seconds`` of wall time; ``size`` bytes that were moved in it (resumed ones not again).

    ``skipped``: what was there already, ``same`` of it with the same content; ``links`` and ``left_out``: symbolic
    links, and what was left out by patterns (a folder counts once) or held back. Of a sync: ``renamed`` on the server,
    ``deleted`` from the target, and ``decided``: by what (memory, time, content ...) how many were found the same.
    Of a copy, ``proofs``: by what (md5, parts ...) how many were proven; ``sent`` are those whose source has no digest.
    """

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
    same: int = 0
    links: int = 0
    left_out: int = 0
    renamed: int = 0
    deleted: int = 0
    decided: Mapping[str, int] = field(default_factory=dict)
    proofs: Mapping[str, int] = field(default_factory=dict)


Event: TypeAlias = Started | ItemStarted | Retried | Skipped | LeftOut | Done | Failed | Noted | Summary
Listener: TypeAlias = Callable[[Event], None]


class _Total:
    """A number of :class:`Tally` as its readers see it. There is no writing it: that is what the methods are for."""

    def __set_name__(self, tally: type[Tally], name: str) -> None:
        self._name = name

    def __get__(self, tally: Tally, kind: type[Tally]) -> int:
        return tally._counts[self._name].total


class Tally:
    """Numbers of a run under way, counted by any thread through the methods below, and read by any.

    ``found_*`` grow while the plan is made, and ``seen_*`` with what it skips; ``planned`` says that it is complete.
    ``ahead``: items and bytes of all that the plan will see, where they were counted; ``first_look``: seconds after
    which these numbers are shown for the first time, None where they never are. ``moved(count)`` is called for every
    piece of bytes that passes, with a negative count where a retry takes them back.
    """

    __slots__ = ("_counts", "ahead", "began", "decided", "first_look", "moved", "planned", "proofs")

    found_items, found_bytes = _Total(), _Total()
    seen_items, seen_bytes = _Total(), _Total()
    done, skipped, failed = _Total(), _Total(), _Total()
    same, links, left_out = _Total(), _Total(), _Total()
    done_bytes, verified, unverified = _Total(), _Total(), _Total()
    retries = _Total()
    renamed, deleted = _Total(), _Total()
    bytes = _Total()  # that passed so far

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.planned = False
        self.first_look: float | None = None
        self.ahead: tuple[int, int] | None = None
        self.decided: Mapping[str, int] = {}
        self.proofs: Counter[str] = Counter()
        self._counts = {name: Count() for name, value in vars(Tally).items() if isinstance(value, _Total)}
        self.moved: Callable[[int], None] = self._counts["bytes"].add  # no step between: it is called most

    def moved_by(self, thread: int) -> int:
        """The bytes that one thread has moved so far."""
        return self._counts["bytes"].of(thread)

    def found(self, size: int, *, items: int = 1) -> None:
        """The plan has one more item to move; negative numbers, or ``items=0``, correct earlier calls."""
        self._counts["found_items"].add(items)
        self._counts["found_bytes"].add(size)

    def seen(self, size: int) -> None:
        """The plan has looked at one more item, whatever becomes of it."""
        self._counts["seen_items"].add()
        self._counts["seen_bytes"].add(size)

    def item_done(self, size: int, *, verified: bool, by: str = "") -> None:
        """An item arrived. ``by``: what proves it, where the summary is to tell; not for several threads at once."""
        if by:
            self.proofs[by] += 1
        self._counts["done"].add()
        self._counts["done_bytes"].add(size)
        self._counts["verified" if verified else "unverified"].add()

    def item_skipped(self, *, compared: bool) -> None:
        """There is nothing to do for an item."""
        self._counts["skipped"].add()
        if compared:
            self._counts["same"].add()

    def item_left_out(self, kind: str) -> None:
        """An item does not take part; see :class:`LeftOut`."""
        if kind != "other":
            self._counts["links" if kind == "link" else "left_out"].add()

    def item_renamed(self) -> None:
        """The server copied an item that it had under another name."""
        self._counts["renamed"].add()

    def item_deleted(self) -> None:
        """An item that the source does not have is gone from the target."""
        self._counts["deleted"].add()

    def item_failed(self) -> None:
        """An item did not arrive."""
        self._counts["failed"].add()

    def retried(self, times: int = 1) -> None:
        """Requests were tried again."""
        self._counts["retries"].add(times)

    def summary(self, verb: str, *, interrupted: bool = False, job: str = "") -> Summary:
        """The numbers at the end of a run. ``job``: its journal, where it left one."""
        return Summary(
            verb=verb,
            done=self.done,
            skipped=self.skipped,
            failed=self.failed,
            size=self.bytes,
            verified=self.verified,
            unverified=self.unverified,
            retries=self.retries,
            seconds=time.monotonic() - self.began,
            interrupted=interrupted,
            job=job,
            same=self.same,
            links=self.links,
            left_out=self.left_out,
            renamed=self.renamed,
            deleted=self.deleted,
            decided=dict(self.decided),
            proofs=dict(self.proofs),
        )


class EventBus:
    """Passes events from any thread to one listener, one at a time; counts retries."""

    def __init__(self, listener: Listener, tally: Tally) -> None:
        self._listener = listener
        self._tally = tally
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Emit an event."""
        with self._lock:
            self._listener(event)

    def retried(self, item: str, reason: str, wait: float) -> None:
        """A :data:`jsobj.net.retry.OnRetry`."""
        self._tally.retried()
        self(Retried(item, reason, wait))
