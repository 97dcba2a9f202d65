"""Runs checks in parallel: each as soon as those it depends on have ended, each within its time.

A check whose need has failed is skipped and says so, so that one broken password is reported once. A check that raises
is a failed check. Every check has a daemon thread of its own: one that hangs (a resolver without an answer cannot be
interrupted) is given up and ends with the process.
"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.check import Check, Finding, Outcome, Status, failed, skipped
from jsobj.errors import BadUsage, JsobjError, did_you_mean


def run_checks(
    checks: Sequence[Check], case: Case, *, tell: Callable[[Outcome], None] = lambda outcome: None
) -> tuple[Outcome, ...]:
    """Run all; the outcomes in the order of ``checks``, each also passed to ``tell`` in that order.

    ``needs`` and ``after`` that are not among ``checks`` count as fulfilled. Whatever was made is undone at the end,
    also after Ctrl-C.
    """
    done: dict[str, Outcome] = {}
    shown = 0
    with case.undo:
        for _ in _outcomes({check.id: check for check in checks}, case, done):
            while shown < len(checks) and checks[shown].id in done:
                tell(done[checks[shown].id])
                shown += 1
    return tuple(done[check.id] for check in checks)


def _outcomes(checks: Mapping[str, Check], case: Case, done: dict[str, Outcome]) -> Iterator[Outcome]:
    """Start each check as soon as it is ready; each outcome as it comes, when it is in ``done``."""
    order = TopologicalSorter(
        {c.id: [name for name in (*c.needs, *c.unless, *c.after) if name in checks] for c in checks.values()}
    )
    order.prepare()
    finished: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    deadlines: dict[str, float] = {}  # of those that run
    while order.is_active():
        for name in order.get_ready():
            check = checks[name]
            deadlines[name] = time.monotonic() + check.seconds
            if (blocker := _blocker(check, done)) is not None:
                finished.put(Outcome(check, skipped(_because(blocker)), 0.0))
            else:
                words = (check, case, finished)
                threading.Thread(target=_run, args=words, name=f"doctor-{name}", daemon=True).start()
        name, deadline = min(deadlines.items(), key=lambda item: item[1])
        try:
            outcome = finished.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            outcome = _given_up(checks[name])
        if deadlines.pop(outcome.check.id, None) is not None:  # else it was given up before
            done[outcome.check.id] = outcome
            order.done(outcome.check.id)
            yield outcome


def _blocker(check: Check, done: Mapping[str, Outcome]) -> Outcome | None:
    """The outcome because of which this one is not run."""
    for names, stops in ((check.needs, {Status.FAIL, Status.SKIP}), (check.unless, {Status.FAIL})):
        for name in names:
            if name in done and done[name].status in stops:
                return done[name]
    return None


def _run(check: Check, case: Case, finished: queue.SimpleQueue[Outcome]) -> None:
    began = time.monotonic()
    finding = _finding(check, case)
    finished.put(Outcome(check, replace(finding, hint=case.named(finding.hint)), time.monotonic() - began))


def _given_up(check: Check) -> Outcome:
    hint = "try again; if it stays so, tell your cloud's help desk the address"
    return Outcome(check, failed(f"no answer within {check.seconds:.0f} seconds", hint=hint), check.seconds)


def _because(blocker: Outcome) -> str:
    """The first cause: a reason to skip is passed on."""
    if blocker.status is Status.FAIL:
        return f"not looked at, since '{blocker.check.id}' failed"
    return blocker.finding.found


def _finding(check: Check, case: Case) -> Finding:
    try:
        return check.run(case)
    except JsobjError as error:
        evidence = {"reference": error.reference} | ({"seen": error.context} if error.context else {})
        return failed(error.message, evidence, hint=error.hint or f"look it up: jsobj explain {error.reference}")
    except Exception as error:  # noqa: BLE001 - the doctor must outlive its own bugs, and report them as such
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno} in {last.name}"
        return failed("bug in this check", {"reference": "doctor-bug", "seen": place}, hint="please report it")


def chosen(checks: Sequence[Check], words: Sequence[str]) -> tuple[Check, ...]:
    """The checks named by id or layer, with all that they need; all of them without words.

    Raises :class:`JsobjError` (usage) for a word that names none, with the nearest one that does.
    """
    if not words:
        return tuple(checks)
    by_id = {check.id: check for check in checks}
    layers = {check.layer for check in checks}
    wanted: set[str] = set()
    for word in words:
        if word not in by_id and word not in layers:
            hint = f"{did_you_mean(word, [*by_id, *layers])}all of them: jsobj doctor --list"
            raise BadUsage(f"there is no check '{word[:80]}'", hint=hint)
        wanted |= {check.id for check in checks if word in (check.id, check.layer)}
    for check in reversed(checks):  # what a check needs comes before it
        wanted |= set(check.needs) if check.id in wanted else set()
    return tuple(check for check in checks if check.id in wanted)


def without_writing(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The same checks, but those that make objects say that they were left out."""
    left_out = skipped("left out, as asked (--no-round-trip)")
    return tuple(Check(c.id, c.layer, c.title, lambda case: left_out, writes=True) if c.writes else c for c in checks)
