"""Outcomes as the document ``jsobj.doctor/1``, without a secret in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from jsobj.doctor.check import Outcome, Status
from jsobj.doctor.redact import Mask
from jsobj.errors import ExitCode

SCHEMA = "jsobj.doctor/1"


def document(outcomes: Sequence[Outcome], mask: Mask, about: Mapping[str, object] | None = None) -> dict[str, object]:
    """The document without its ``schema``. Keys are only ever added.

    ``about`` is what was examined, see :func:`jsobj.doctor.about.about`.
    ``evidence`` maps labels to texts; its ``found`` is one sentence. ``fix`` is null or title, path and diff. Seconds
    are wall time. ``summary`` counts each status and names the first failed check, which is the cause.
    """
    counts = Counter(outcome.status for outcome in outcomes)
    first = next((o for o in outcomes if o.status is Status.FAIL), None)
    return {
        "checks": [_check(outcome, mask) for outcome in outcomes],
        "summary": {
            **{status.value.lower(): counts[status] for status in Status},
            "first_failed": first.check.id if first else None,
            "seconds": round(sum(outcome.seconds for outcome in outcomes), 3),
        },
        "about": {name: mask(text) if isinstance(text, str) else text for name, text in (about or {}).items()},
    }


def _check(outcome: Outcome, mask: Mask) -> dict[str, object]:
    finding, fix = outcome.finding, outcome.finding.fix
    evidence = {"found": finding.found, **finding.evidence}
    return {
        "id": outcome.check.id,
        "layer": outcome.check.layer,
        "title": outcome.check.title,
        "status": finding.status.value,
        "evidence": {label: mask(text) for label, text in evidence.items()},
        "hint": mask(finding.hint),
        "fix": fix and {"title": mask(fix.title), "path": str(fix.path), "diff": mask(fix.diff)},
        "seconds": round(outcome.seconds, 3),
    }


def exit_code(outcomes: Sequence[Outcome], *, strict: bool) -> ExitCode:
    """DOCTOR where something failed (with ``strict``: or warned), else OK."""
    bad = {Status.FAIL, Status.WARN} if strict else {Status.FAIL}
    return ExitCode.DOCTOR if any(outcome.status in bad for outcome in outcomes) else ExitCode.OK
