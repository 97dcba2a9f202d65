"""Running checks: each as soon as what it needs is there, each within its time, none able to stop the others.

A check whose need has failed is skipped and says so, so that one broken password is reported once. A check that raises
is a failed check. Every check has a daemon thread of its own: one that hangs (a resolver without an answer cannot be
interrupted) is given up and dies with the process.
"""

from __future__ import annotations

import difflib
import queue
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.check import Check, Finding, Outcome, Status, failed, skipped
from jsobj.errors import ExitCode, JsobjError

_BLOCKING = frozenset({Status.FAIL, Status.SKIP})


def run_checks(
    checks: Sequence[Check], case: Case, *, tell: Callable[[Outcome], None] = lambda outcome: None
) -> tuple[Outcome, ...]:
    """Run all; the outcomes in the order of ``checks``, each also handed to ``tell`` in that order.

    ``needs`` and ``after`` that are not among ``checks`` count as fulfilled. Whatever was made is undone at the end,
    also after Ctrl-C.
    """
    with case.undo:
        board = _Board(checks, case)
        board.run(tell)
        return tuple(board.done[check.id] for check in checks)


@dataclass(slots=True)
class _Board:
    """Which checks wait, run and are done."""

    checks: Sequence[Check]
    case: Case
    done: dict[str, Outcome] = field(default_factory=dict)
    running: dict[str, tuple[Check, float]] = field(default_factory=dict)
    finished: queue.SimpleQueue[Outcome] = field(default_factory=queue.SimpleQueue)

    def run(self, tell: Callable[[Outcome], None]) -> None:
        """All checks, each told in its turn."""
        told = 0
        while told < len(self.checks):
            self.start_ready()
            if (outcome := self.done.get(self.checks[told].id)) is not None:
                tell(outcome)
                told += 1
            else:
                self.wait()

    def start_ready(self) -> None:
        """Start what can be started; skip what cannot any more. A skip can make further ones ready."""
        known = {check.id for check in self.checks}
        moved = True
        while moved:
            moved = False
            for check in self.checks:
                if check.id in self.done or check.id in self.running:
                    continue
                if any(
                    other in known and other not in self.done for other in (*check.needs, *check.unless, *check.after)
                ):
                    continue
                blocker = self._blocker(check)
                if blocker is not None:
                    self.done[check.id] = Outcome(check, skipped(_because(blocker)), 0.0)
                    moved = True
                else:
                    self._start(check)

    def _blocker(self, check: Check) -> Outcome | None:
        needed = (self.done[n] for n in check.needs if n in self.done)
        feared = (self.done[n] for n in check.unless if n in self.done)
        found = (o for o in needed if o.status in _BLOCKING), (o for o in feared if o.status is Status.FAIL)
        return next(chain(*found), None)

    def _start(self, check: Check) -> None:
        self.running[check.id] = (check, time.monotonic() + check.seconds)
        threading.Thread(target=self._run, args=(check,), name=f"doctor-{check.id}", daemon=True).start()

    def _run(self, check: Check) -> None:
        began = time.monotonic()
        judged = _judged(check, self.case)
        finding = replace(judged, hint=self.case.named(judged.hint))
        self.finished.put(Outcome(check, finding, time.monotonic() - began))

    def wait(self) -> None:
        """Until one is finished or out of time."""
        deadline = min(end for _, end in self.running.values())
        try:
            outcome = self.finished.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            self._give_up()
            return
        if self.running.pop(outcome.check.id, None) is not None:  # else: given up before
            self.done[outcome.check.id] = outcome

    def _give_up(self) -> None:
        for check, deadline in list(self.running.values()):
            if deadline <= time.monotonic():
                del self.running[check.id]
                found = f"no answer within {check.seconds:.0f} seconds"
                finding = failed(found, hint="try again; if it stays so, tell your cloud's help desk the address")
                self.done[check.id] = Outcome(check, finding, check.seconds)


def _because(blocker: Outcome) -> str:
    """The cause, not the last link of the chain: a reason to skip is handed on."""
    failed_itself = blocker.status is Status.FAIL
    return f"not looked at, since '{blocker.check.id}' failed" if failed_itself else blocker.finding.found


def _judged(check: Check, case: Case) -> Finding:
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
            known = [*by_id, *layers]
            begun = [name for name in known if name.startswith(word)]
            near = begun or difflib.get_close_matches(word, known, n=1)
            hint = f"did you mean {' or '.join(map(repr, near[:3]))}? " if near else ""
            sentence = f"there is no check '{word[:80]}'"
            raise JsobjError("usage", sentence, code=ExitCode.USAGE, hint=f"{hint}all of them: jsobj doctor --list")
        wanted |= {check.id for check in checks if word in (check.id, check.layer)}
    waiting = list(wanted)
    while waiting:
        new = set(by_id[waiting.pop()].needs) - wanted
        wanted |= new
        waiting += new
    return tuple(check for check in checks if check.id in wanted)


def without_writing(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The same checks, those that make objects replaced by a word that they were left out."""

    def left_out(case: Case) -> Finding:
        return skipped("left out, as asked (--no-round-trip)")

    return tuple(Check(c.id, c.layer, c.title, left_out, writes=True) if c.writes else c for c in checks)
