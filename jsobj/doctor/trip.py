"""A round trip is a row of steps in a scratch bucket, each timed. The first one that fails is what was found."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed
from jsobj.doctor.checks.scratch_bucket import B, ScratchBucket
from jsobj.errors import JsobjError

SMALL = 64 * 1024  # bytes of an object that is sent in one piece

T = TypeVar("T", bound="Trip[Any]")
# A step answers with why it was not tried, or with nothing.
Step = Callable[[T], "str | None"]


class StepError(Exception):
    """A step's answer is not what it must be."""


@dataclass(frozen=True, slots=True)
class Trip(Generic[B]):
    """What the steps share. ``data`` are random bytes."""

    case: Case
    scratch: ScratchBucket[B]
    data: bytes

    def key(self, name: str) -> str:
        """The key of an object of ours."""
        return self.scratch.key(name)


def random_bytes() -> bytes:
    """What a small object holds."""
    return os.urandom(SMALL)


def same(got: bytes, wanted: bytes) -> None:
    """Raise where other bytes came back."""
    if got != wanted:
        raise StepError(f"{len(got)} bytes came back that are not the {len(wanted)} bytes sent")


def walk(
    trip: T, steps: Iterable[tuple[str, Step[T]]], explain: Callable[[Exception], tuple[dict[str, str], str]]
) -> Finding:
    """Take the steps in turn. ``explain`` makes evidence and a hint of what a library raised."""
    evidence = dict(trip.scratch.evidence)
    done = 0
    for name, step in steps:
        began = time.monotonic()
        try:
            with trip.scratch.working():
                omitted = step(trip)
        except Exception as error:  # noqa: BLE001 - SDKs raise their own, urllib3's and http.client's: all are findings
            facts, hint = explain(error)
            sentence = f"the step '{name}' failed: {facts.get('code') or facts['seen']}"
            return failed(sentence, {**evidence, **facts}, hint=hint)
        evidence[name] = omitted or f"{(time.monotonic() - began) * 1000:.0f} ms"
        done += not omitted
    return passed(f"{done} operations, the same bytes back every time", evidence)


def seen(error: Exception) -> str:
    """An exception without a query in it, which may be a signature."""
    if isinstance(error, StepError):
        return str(error)
    words = error.message if isinstance(error, JsobjError) else str(error).split("?", 1)[0]
    return f"{type(error).__name__}: {words[:300]}"
