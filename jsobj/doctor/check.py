"""What a check is and what it finds: frozen values. No input or output here."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsobj.doctor.case import Case


class Status(enum.Enum):
    """How a check ended. Only FAIL stops what depends on it."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


def worst(statuses: Collection[Status]) -> Status:
    """FAIL before WARN before PASS; SKIP only where nothing ran."""
    return next((s for s in (Status.FAIL, Status.WARN, Status.PASS) if s in statuses), Status.SKIP)


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of one private file that can be undone (the old bytes are kept beside it).

    ``edit`` makes the new bytes from the old ones and is called under the file's lock; ``diff`` shows what it does,
    with secrets masked.
    """

    title: str
    path: Path
    diff: str
    edit: Callable[[bytes | None], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer. ``found`` is one sentence, ``evidence`` labelled facts, ``hint`` what to type next."""

    status: Status
    found: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    fix: Fix | None = None


def passed(found: str, evidence: Mapping[str, str] | None = None) -> Finding:
    """Nothing is wrong."""
    return Finding(Status.PASS, found, evidence or {})


def warned(found: str, evidence: Mapping[str, str] | None = None, *, hint: str, fix: Fix | None = None) -> Finding:
    """It works, but not as it should."""
    return Finding(Status.WARN, found, evidence or {}, hint, fix)


def failed(found: str, evidence: Mapping[str, str] | None = None, *, hint: str, fix: Fix | None = None) -> Finding:
    """It does not work; what depends on it is not tried."""
    return Finding(Status.FAIL, found, evidence or {}, hint, fix)


def skipped(reason: str, *, hint: str = "") -> Finding:
    """Not run, and why."""
    return Finding(Status.SKIP, reason, {}, hint)


@dataclass(frozen=True, slots=True)
class Check:
    """One check, as the registry lists it.

    ``needs`` are ids whose FAIL or SKIP makes this one SKIP, ``unless`` those whose FAIL alone does; ``after`` only
    orders. ``seconds`` bounds ``run``; ``writes`` marks those that make objects.
    """

    id: str
    layer: str
    title: str
    run: Callable[[Case], Finding] = field(compare=False)
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    seconds: float = 15.0
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check, what it found, and how long that took (seconds)."""

    check: Check
    finding: Finding
    seconds: float

    @property
    def status(self) -> Status:
        """Short for ``finding.status``."""
        return self.finding.status
