"""A round trip: a library writes, lists, reads and deletes objects. The first step that fails is what is reported.

The bytes are compared, and so is the ETag with the MD5 of what was sent.
"""

from __future__ import annotations

import hashlib
import os
import time
from abc import ABC, abstractmethod
from typing import ClassVar

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, skipped
from jsobj.doctor.checks.keystone import reads_only
from jsobj.doctor.checks.scratch_bucket import ScratchBucket, open_scratch
from jsobj.errors import JsobjError

SMALL = 64 * 1024  # bytes of an object that is sent in one piece
_LISTED_WITHIN = 5.0  # seconds; the listing of a busy cluster lags behind
_LOOK_EVERY = 0.5


class StepError(Exception):
    """A step's answer is not what it must be."""


class Trip(ABC):
    """A library in a scratch bucket, with the steps that are the same for each. ``data`` are random bytes.

    ``parts_step`` and ``url_step`` name the two steps that are not.
    """

    dialect: ClassVar[str]
    parts_step: ClassVar[str]
    url_step: ClassVar[str]
    names: ClassVar[tuple[str, ...]] = ("small", "large")  # of the objects before the copy
    copied: ClassVar[str] = "copy"
    scratch: ScratchBucket

    def __init__(self, case: Case) -> None:
        self.case = case
        self.data = os.urandom(SMALL)

    @abstractmethod
    def create(self, bucket: str) -> None:
        """Make the bucket. Raises :class:`JsobjError`."""

    @abstractmethod
    def put(self, name: str, data: bytes) -> str:
        """Write an object; its ETag."""

    @abstractmethod
    def size(self, name: str) -> int:
        """The size of an object according to HEAD."""

    @abstractmethod
    def read(self, name: str, first: int | None = None, last: int | None = None) -> bytes:
        """The object's bytes, or ``first`` to ``last`` of them."""

    @abstractmethod
    def copy(self, name: str, target: str) -> None:
        """Copy at the server."""

    @abstractmethod
    def listed(self) -> set[str]:
        """The keys of all objects of this trip."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Delete an object."""

    @abstractmethod
    def put_parts(self) -> int:
        """Write ``large`` in two parts, the second of them ``data``; the size of the first, which repeats ``data``."""

    @abstractmethod
    def try_url(self) -> str | None:
        """Read an object without keys or token through a signed URL; why it was not tried, or nothing."""

    @abstractmethod
    def explain(self, error: Exception) -> tuple[dict[str, str], str]:
        """Evidence and a hint for what the library raised."""

    def key(self, name: str) -> str:
        """The key of an object of this trip."""
        return self.scratch.key(name)

    def walk(self) -> Finding:
        """Make the bucket and take the steps in turn."""
        steps = {
            "put": self._try_put,
            "head": self._try_head,
            "get": lambda: same(self.read("small"), self.data),
            "range": lambda: same(self.read("small", 1000, 1999), self.data[1000:2000]),
            self.parts_step: self._try_parts,
            "list": lambda: self._expect(set(self.names), f"listed instead of the {len(self.names)} that are there"),
            "copy": self._try_copy,
            self.url_step: self.try_url,
            "delete": self._try_delete,
        }
        self.scratch = self.case.scratch[self.dialect] = open_scratch(self.case, self.dialect, self.create)
        evidence = dict(self.scratch.evidence)
        done = 0
        for name, step in steps.items():
            began = time.monotonic()
            try:
                with self.scratch.working():
                    omitted = step()
            except Exception as error:  # noqa: BLE001 - whatever the library raises is the finding
                facts, hint = self.explain(error)
                sentence = f"the step '{name}' failed: {facts.get('code') or facts['seen']}"
                return failed(sentence, {**evidence, **facts}, hint=hint)
            evidence[name] = omitted or f"{(time.monotonic() - began) * 1000:.0f} ms"
            done += not omitted
        return passed(f"{done} operations, the same bytes back every time", evidence)

    def _try_put(self) -> None:
        if self.put("small", self.data) != md5(self.data):
            raise StepError("the ETag is not the MD5 of what was sent")

    def _try_head(self) -> None:
        if (size := self.size("small")) != len(self.data):
            raise StepError(f"the object has {size} bytes instead of {len(self.data)}")

    def _try_parts(self) -> None:
        """The bytes on both sides of the border between two parts."""
        border = self.put_parts()
        same(self.read("large", border - 8, border + 7), self.data[-8:] + self.data[:8])

    def _try_copy(self) -> None:
        self.copy("small", self.copied)
        same(self.read(self.copied), self.data)

    def _try_delete(self) -> None:
        for name in (*self.names, self.copied):
            self.delete(name)
        self._expect(set(), "still listed after they were deleted")

    def _expect(self, names: set[str], otherwise: str) -> None:
        deadline = time.monotonic() + _LISTED_WITHIN
        while (keys := self.listed()) != {self.key(name) for name in names}:
            if time.monotonic() > deadline:
                raise StepError(f"{len(keys)} objects are {otherwise}")
            time.sleep(_LOOK_EVERY)


def take(trip: type[Trip], case: Case) -> Finding:
    """One round trip, unless the login may only read."""
    return skipped("this login may only read") if reads_only(case) else trip(case).walk()


def md5(data: bytes) -> str:
    """As ETags have it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def same(got: bytes, wanted: bytes) -> None:
    """Raise where other bytes came back."""
    if got != wanted:
        raise StepError(f"{len(got)} bytes came back that are not the {len(wanted)} bytes sent")


def seen(error: Exception) -> str:
    """An exception without a query in it, which may be a signature."""
    if isinstance(error, StepError):
        return str(error)
    words = error.message if isinstance(error, JsobjError) else str(error).split("?", 1)[0]
    return f"{type(error).__name__}: {words[:300]}"
