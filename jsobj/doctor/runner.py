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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.check import Check, Finding, Outcome, Status, failed, skipped
from jsobj.errors import ExitCode, JsobjError, did_you_mean


def run_checks(
    checks: Sequence[Check], case: Case, *, tell: Callable[[Outcome], None] = lambda outcome: None
) -> tuple[Outcome, ...]:
    """Run all; the outcomes in the order of ``checks``, each also passed to ``tell`` in that order.

    ``needs`` and ``after`` that are not among ``checks`` count as fulfilled. Whatever was made is undone at the end,
    also after Ctrl-C.
    """
    with case.undo:
        run = _Examination(checks, case)
        shown = 0
        for _ in run.outcomes():
            while shown < len(checks) and (outcome := run.done.get(checks[shown].id)) is not None:
                tell(outcome)
                shown += 1
        return tuple(run.done[check.id] for check in checks)


class _Examination:
    """Which checks run, until when, and which are done."""

    def __init__(self, checks: Sequence[Check], case: Case) -> None:
        self.done: dict[str, Outcome] = {}
        self._case = case
        self._checks = {check.id: check for check in checks}
        self._deadlines: dict[str, float] = {}  # of those that run
        self._finished: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._order = TopologicalSorter(
            {c.id: [name for name in (*c.needs, *c.unless, *c.after) if name in self._checks] for c in checks}
        )
        self._order.prepare()

    def outcomes(self) -> Iterator[Outcome]:
        """Start what is ready, and yield each outcome as it comes."""
        self._start_ready()
        while self._deadlines:
            outcome = self._next()
            self.done[outcome.check.id] = outcome
            self._order.done(outcome.check.id)
            self._start_ready()
            yield outcome

    def _start_ready(self) -> None:
        for name in self._order.get_ready():
            check = self._checks[name]
            self._deadlines[name] = time.monotonic() + check.seconds
            if (blocker := self._blocker(check)) is not None:
                self._finished.put(Outcome(check, skipped(_because(blocker)), 0.0))
            else:
                threading.Thread(target=self._run, args=(check,), name=f"doctor-{name}", daemon=True).start()

    def _blocker(self, check: Check) -> Outcome | None:
        """The outcome because of which this one is not run."""
        for names, stops in ((check.needs, {Status.FAIL, Status.SKIP}), (check.unless, {Status.FAIL})):
            for name in names:
                if name in self.done and self.done[name].status in stops:
                    return self.done[name]
        return None

    def _run(self, check: Check) -> None:
        began = time.monotonic()
        finding = _finding(check, self._case)
        self._finished.put(
            Outcome(check, replace(finding, hint=self._case.named(finding.hint)), time.monotonic() - began)
        )

    def _next(self) -> Outcome:
        """The next check that ends or runs out of time."""
        while True:
            name, deadline = min(self._deadlines.items(), key=lambda item: item[1])
            try:
                outcome = self._finished.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                check = self._checks[name]
                found = f"no answer within {check.seconds:.0f} seconds"
                finding = failed(found, hint="try again; if it stays so, tell your cloud's help desk the address")
                outcome = Outcome(check, finding, check.seconds)
            if self._deadlines.pop(outcome.check.id, None) is not None:  # else it was given up before
                return outcome


def _because(blocker: Outcome) -> str:
    """The first cause: a reason to skip is passed on."""
    failed_itself = blocker.status is Status.FAIL
    return f"not looked at, since '{blocker.check.id}' failed" if failed_itself else blocker.finding.found


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
            raise JsobjError("usage", f"there is no check '{word[:80]}'", code=ExitCode.USAGE, hint=hint)
        wanted |= {check.id for check in checks if word in (check.id, check.layer)}
    for check in reversed(checks):  # what a check needs comes before it
        wanted |= set(check.needs) if check.id in wanted else set()
    return tuple(check for check in checks if check.id in wanted)


def without_writing(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The same checks, but those that make objects say that they were left out."""

    def left_out(case: Case) -> Finding:
        return skipped("left out, as asked (--no-round-trip)")

    return tuple(Check(c.id, c.layer, c.title, left_out, writes=True) if c.writes else c for c in checks)
