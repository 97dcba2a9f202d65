"""What a check of a policy says about one place of it."""

from __future__ import annotations

from dataclasses import dataclass

from jsobj.share.policy_check.json_places import Place

REFUSED, VOID, RISK, WARNING = "refused", "void", "risk", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """``level``: ``refused``, ``void``, ``risk`` or ``warning``; ``rule``: its name, for scripts; lines from 1."""

    level: str
    rule: str
    line: int
    column: int
    reason: str

    @property
    def error(self) -> bool:
        """Whether a policy with it is not set without being forced."""
        return self.level != WARNING


def refused(rule: str, place: Place, reason: str) -> Finding:
    """The server does not take it."""
    return Finding(REFUSED, rule, place.line, place.column, reason)


def void(rule: str, place: Place, reason: str) -> Finding:
    """The server takes it, and it does nothing."""
    return Finding(VOID, rule, place.line, place.column, reason)


def risk(rule: str, place: Place, reason: str) -> Finding:
    """It does something that is hardly meant."""
    return Finding(RISK, rule, place.line, place.column, reason)


def warning(rule: str, place: Place, reason: str) -> Finding:
    """It works; look twice."""
    return Finding(WARNING, rule, place.line, place.column, reason)
