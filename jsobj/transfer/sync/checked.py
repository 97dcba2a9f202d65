"""Whether what a plan names is still as it was when it was planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import tee

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.sync.decision import REFUSE, Decision
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.sync.sides import Side


def as_planned(decisions: Iterable[Decision], source: Side, target: Side) -> Iterator[Decision]:
    """The same, in order; what has changed on either side is refused, with the reason.

    Raises :class:`JsobjError` for a cause that ends the run.
    """
    again, left, right = tee(decisions, 3)
    now_source = source.now(each.name for each in left)
    now_target = target.now(each.name for each in right)
    for decision, (_, one), (_, other) in zip(again, now_source, now_target, strict=True):
        if reason := _changed("source", decision.source, one) or _changed("target", decision.target, other):
            side = source if reason.endswith("source") else target
            yield replace(decision, action=REFUSE, reason=reason, error=_error(side.shown(decision.name), reason))
        else:
            yield replace(decision, source=one, target=other)


def _changed(side: str, planned: Entry | None, now: Entry | None) -> str:
    if planned is None:
        return f"it is there now, in the {side}" if now is not None else ""
    if now is None:
        return f"it is gone from the {side}"
    return "" if planned.is_same(now) else f"it is not as it was when planned, in the {side}"


def _error(shown: str, reason: str) -> JsobjError:
    return JsobjError(
        "sync-not-as-planned",
        f"{shown}: {reason}",
        code=ExitCode.REFUSED,
        hint="nothing was done with it; run the sync again",
    )
