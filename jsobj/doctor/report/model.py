"""The JSON document ``jsobj.doctor/1`` as values for the page. It does not decide how the page looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jsobj.doctor.check import Status
from jsobj.doctor.report.text import request_ids

# Texts by their label; empty texts are not shown.
Facts: TypeAlias = Mapping[str, str]


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
class Reading:
    """All of it. Checks stand in the order of the document, which is the order of the layers.

    ``about`` is what was looked at: who, where, with which programs.
    """

    checks: tuple[CheckRow, ...]
    about: Facts

    @property
    def request_ids(self) -> dict[str, str]:
        """Request id -> title of the check that met it first."""
        found: dict[str, str] = {}
        for check in self.checks:
            for name, text in (("", check.found), *check.evidence.items()):
                for request_id in request_ids(name, text):
                    found.setdefault(request_id, check.title)
        return found

    def of(self, status: Status) -> tuple[CheckRow, ...]:
        """The checks that ended so."""
        return tuple(check for check in self.checks if check.status is status)


_ABOUT = {
    "cloud": "Cloud",
    "user": "User",
    "project": "Project",
    "project_id": "Project id",
    "region": "Region",
    "keystone": "Keystone",
    "swift_url": "Swift",
    "s3_url": "S3",
    "profile": "AWS profile",
    "system": "System",
    "python": "Python",
    "digests": "Digests",
}


def read(document: Mapping[str, Any]) -> Reading:
    """Values from the document that :func:`jsobj.doctor.document.document` makes."""
    return Reading(tuple(map(_check, document["checks"])), _about(document["about"]))


def _check(entry: Mapping[str, Any]) -> CheckRow:
    evidence = dict(entry["evidence"])
    changed = {"status": Status(entry["status"]), "found": evidence.pop("found"), "evidence": evidence}
    return CheckRow(**{**entry, **changed, "fix": entry["fix"] or {}})


def _about(about: Mapping[str, Any]) -> Facts:
    versions = ", ".join(f"{name} {number}" for name, number in about.get("versions", {}).items() if number)
    return {label: about.get(key, "") for key, label in _ABOUT.items()} | {"Versions": versions}
