"""Whether what a plan names is still as it was when it was planned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import tee

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.sync.decision import DELETE, REFUSE, SKIP, Decision
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.sync.sides import Side


def as_planned(
    decisions: Iterable[Decision], source: Side, target: Side, is_done: Callable[[Entry, Entry], bool]
) -> Iterator[Decision]:
    """The same, in order, with what is there now; what has changed on either side is refused, with the reason.

    What is done already, by an earlier try, is skipped: gone where it was to be deleted, and where a copy was to come,
    the same as its source, which ``is_done`` says. Raises :class:`JsobjError` for a cause that ends the run.
    """
    again, left, right = tee(decisions, 3)
    now_source = source.now(each.name for each in left)
    now_target = target.now(each.name for each in right)
    for decision, (_, one), (_, other) in zip(again, now_source, now_target, strict=True):
        if decision.action == REFUSE:
            yield decision
        elif _done(decision, one, other, is_done):
            yield replace(decision, action=SKIP, reason="done already")
        elif reason := _changed("source", decision.source, one) or _changed("target", decision.target, other):
            shown = (source if reason.endswith("source") else target).shown(decision.name)
            yield replace(decision, action=REFUSE, reason=reason, error=not_as_planned(shown, reason))
        else:
            yield replace(decision, source=one, target=other)


def _done(
    decision: Decision, source: Entry | None, target: Entry | None, is_done: Callable[[Entry, Entry], bool]
) -> bool:
    if decision.action == DELETE:
        return target is None
    if decision.source is None or source is None or target is None or target.is_same(decision.target):
        return False
    return decision.source.is_same(source) and is_done(source, target)


def _changed(side: str, planned: Entry | None, now: Entry | None) -> str:
    if planned is None:
        return f"it is there now, in the {side}" if now is not None else ""
    if now is None:
        return f"it is gone from the {side}"
    return "" if planned.is_same(now) else f"it is not as it was when planned, in the {side}"


def not_as_planned(shown: str, reason: str) -> JsobjError:
    """The error for what has changed since the plan."""
    return JsobjError(
        "sync-not-as-planned",
        f"{shown}: {reason}",
        code=ExitCode.REFUSED,
        hint="nothing was done with it; run the sync again",
    )
