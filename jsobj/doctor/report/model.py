"""The JSON document ``jsobj.doctor/1`` as values for the page. It does not decide how the page looks.

Lenient in what may vary (evidence and fix are a text, a mapping of texts, or nothing), strict in what the picture rests
on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from jsobj.doctor.check import Status, worst
from jsobj.doctor.report.text import request_ids
from jsobj.errors import ExitCode, JsobjError

# (name, text); the name is empty for evidence that is only a text.
Facts: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check as the page shows it.

    ``found`` is its answer in a sentence, shown; ``evidence`` the rest of it, folded. ``seconds`` is wall time; 0 for
    what did not run.
    """

    id: str
    layer: str
    title: str
    status: Status
    found: str
    evidence: Facts
    hint: str
    fix: Facts
    seconds: float


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer."""

    name: str
    checks: tuple[CheckRow, ...]

    @property
    def status(self) -> Status:
        """The worst of its checks."""
        return worst({check.status for check in self.checks})

    @property
    def seconds(self) -> float:
        """Sum over the checks (they may have run side by side)."""
        return sum(check.seconds for check in self.checks)


@dataclass(frozen=True, slots=True)
class Reading:
    """All of it. Checks stand in the order of the document, which is the order of the layers.

    ``about`` is what was looked at: who, where, with which programs.
    """

    checks: tuple[CheckRow, ...]
    about: Facts = ()

    @property
    def layers(self) -> tuple[LayerRow, ...]:
        """In order of first appearance."""
        names = dict.fromkeys(check.layer for check in self.checks)
        return tuple(LayerRow(name, tuple(c for c in self.checks if c.layer == name)) for name in names)

    @property
    def request_ids(self) -> dict[str, str]:
        """Request id -> title of the check that met it first."""
        found: dict[str, str] = {}
        for check in self.checks:
            for name, text in (("", check.found), *check.evidence):
                for request_id in request_ids(name, text):
                    found.setdefault(request_id, check.title)
        return found

    def of(self, status: Status) -> tuple[CheckRow, ...]:
        """The checks that ended so."""
        return tuple(check for check in self.checks if check.status is status)


_ABOUT = (
    ("cloud", "Cloud"),
    ("user", "User"),
    ("project", "Project"),
    ("project_id", "Project id"),
    ("region", "Region"),
    ("keystone", "Keystone"),
    ("swift_url", "Swift"),
    ("s3_url", "S3"),
    ("profile", "AWS profile"),
    ("system", "System"),
    ("python", "Python"),
    ("versions", "Versions"),
)
_SENTENCE = 300  # characters: a longer text is evidence to unfold


def read(document: Mapping[str, object]) -> Reading:
    """Values from the document; raises :class:`JsobjError` ``report-bad-document`` when it is not the doctor's."""
    checks = document.get("checks")
    if not isinstance(checks, Sequence) or isinstance(checks, str):
        raise _bad("it has no list of checks")
    return Reading(
        tuple(_check(number, entry) for number, entry in enumerate(checks, 1)), _about(document.get("about"))
    )


def _about(value: object) -> Facts:
    known = dict(_facts(value)) if isinstance(value, Mapping) else {}
    versions = value.get("versions") if isinstance(value, Mapping) else None
    if isinstance(versions, Mapping):
        known["versions"] = ", ".join(f"{name} {_text(number)}" for name, number in versions.items() if _text(number))
    return tuple((label, known[key]) for key, label in _ABOUT if known.get(key))


def _check(number: int, entry: object) -> CheckRow:
    if not isinstance(entry, Mapping):
        raise _bad(f"check {number} is no object")
    try:
        status = Status(entry.get("status"))
    except ValueError:
        raise _bad(f"check {number} has no status of {', '.join(known.value for known in Status)}") from None
    if lacking := [key for key in ("id", "layer", "title") if not isinstance(entry.get(key), str)]:
        raise _bad(f"check {number} lacks {', '.join(lacking)}")
    evidence = _facts(entry.get("evidence"))
    found = next((text for name, text in evidence if _is_answer(name, text)), "")
    return CheckRow(
        id=entry["id"],
        layer=entry["layer"],
        title=entry["title"],
        status=status,
        found=found,
        evidence=tuple(fact for fact in evidence if not _is_answer(*fact)),
        hint=_text(entry.get("hint")),
        fix=_facts(entry.get("fix")),
        seconds=_seconds(entry.get("seconds")),
    )


def _is_answer(name: str, text: str) -> bool:
    """The doctor calls its sentence ``found``; evidence that is only a short text is one too."""
    return name == "found" or (not name and "\n" not in text and len(text) <= _SENTENCE)


def _facts(value: object) -> Facts:
    if isinstance(value, Mapping):
        pairs: Iterable[tuple[str, str]] = ((_text(name), _text(item)) for name, item in value.items())
    else:
        pairs = [("", _text(value))]
    return tuple((name, text) for name, text in pairs if text)


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "\n".join(map(_text, value))
    return "" if value is None else str(value)


def _seconds(value: object) -> float:
    if isinstance(value, (int, float)) and math.isfinite(value):
        return max(float(value), 0.0)
    return 0.0


def _bad(why: str) -> JsobjError:
    return JsobjError(
        "report-bad-document", f"the report cannot be drawn from this document: {why}", code=ExitCode.FAILURE
    )
