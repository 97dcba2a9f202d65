"""The bucket in which the doctor writes, over S3 or over Swift: its own, or a prefix of its own in the user's.

It is removed whatever happens.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, skipped
from jsobj.errors import ExitCode, JsobjError

PREFIX = "jsobj-doctor-"
_UNDER_WAY = 2.0  # seconds that are given to a request that Ctrl-C left under way
_PAUSES = (0.0, 0.5, 1.0)  # seconds before each look for what one makes that took longer
_UNREACHABLE = frozenset({"s3-unreachable", "swift-unreachable"})


class Buckets(Protocol):
    """What a scratch bucket needs of an API. For any thread; everything raises :class:`JsobjError`."""

    @property
    def scheme(self) -> str:
        """``s3`` or ``swift``."""

    def require(self, bucket: str) -> None:
        """Raise where there is no such bucket."""

    def create(self, bucket: str) -> None:
        """Make it."""

    def clear(self, bucket: str, prefix: str) -> None:
        """Delete every object below ``prefix``, unfinished uploads too."""

    def delete(self, bucket: str) -> None:
        """Delete the empty bucket."""

    def remains(self, bucket: str, prefix: str) -> bool:
        """Whether something is left below ``prefix``; without one, whether the bucket is."""


B = TypeVar("B", bound=Buckets)


@dataclass(slots=True)
class ScratchBucket(Generic[B]):
    """Where to write: keys begin with ``prefix``. Without one the bucket is our own, and removed as a whole.

    Whoever writes does so within :meth:`working`; once the last removal has begun, nobody can.
    """

    buckets: B
    name: str
    prefix: str
    gone: bool = False
    _busy: int = 0
    _closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def own(self) -> bool:
        """Whether the bucket was made for this run."""
        return not self.prefix

    @property
    def url(self) -> str:
        """For people."""
        return f"{self.buckets.scheme}://{self.name}/{self.prefix}"

    @property
    def evidence(self) -> dict[str, str]:
        """Where a round trip was made."""
        return {"bucket": self.name, "made for this": "yes" if self.own else "no (--bucket)"}

    def key(self, name: str) -> str:
        """The key of an object of ours."""
        return f"{self.prefix}{name}"

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """To be entered by each check while it writes. Raises :class:`JsobjError` (interrupted) at the doctor's end."""
        with self._changed:
            if self._closed:
                raise JsobjError("interrupted", "the doctor was stopped", code=ExitCode.INTERRUPTED)
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def remove(self) -> None:
        """Delete all that is ours, and the bucket if it is. Does nothing the second time."""
        if self.gone:
            return
        self.buckets.clear(self.name, self.prefix)
        if self.own:
            self.buckets.delete(self.name)
        self.gone = True

    def remove_quietly(self) -> None:
        """The last try, after Ctrl-C or a failure that was told already: there is nobody left to tell.

        Ctrl-C does not reach the check's thread. Its request is given time to end; after one that takes longer, what
        is there is looked for more than once.
        """
        with self._changed:
            self._closed = True
            idle = self._changed.wait_for(lambda: not self._busy, _UNDER_WAY)
        for pause in _PAUSES[:1] if idle else _PAUSES:
            time.sleep(pause)
            try:
                self.remove()
            except JsobjError as error:
                if error.reference in _UNREACHABLE:  # neither will the next look be answered
                    return
                continue  # not there yet, or written into meanwhile
            if self.own:
                return
            self.gone = False  # in the user's bucket, an empty place is no proof that nothing more comes


def open_scratch(case: Case, buckets: B) -> ScratchBucket[B]:
    """Make the bucket, or take that of ``--bucket``. Its removal is registered before it is made: Ctrl-C may come while
    the answer is on its way.

    Raises :class:`jsobj.errors.JsobjError`.
    """
    mark = f"{PREFIX}{uuid.uuid4().hex[:12]}"
    if case.scope.bucket:
        scratch = ScratchBucket(buckets, case.scope.bucket, f"{mark}/")
        buckets.require(scratch.name)
        case.undo.callback(scratch.remove_quietly)
        return scratch
    scratch = ScratchBucket(buckets, mark, "")
    case.undo.callback(scratch.remove_quietly)
    with scratch.working():
        buckets.create(scratch.name)
    return scratch


def clean_up(case: Case) -> Finding:
    """Nothing of the doctor's is left behind."""
    made = [scratch for scratch in (case.s3_scratch, case.swift_scratch) if scratch is not None]
    if not made:
        return skipped("nothing was made")
    for scratch in made:
        scratch.remove()
    for scratch in made:
        if scratch.buckets.remains(scratch.name, scratch.prefix):
            what = "bucket delete" if scratch.own else "rm"
            return failed(f"{scratch.url} is still there", hint=f"jsobj {what} {scratch.url} --recursive")
    return passed(f"{' and '.join(scratch.url for scratch in made)} {'is' if len(made) == 1 else 'are'} gone again")
