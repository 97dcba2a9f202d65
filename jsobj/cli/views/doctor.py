"""How the doctor's outcomes look: a line per layer while they run, then the verdict; or one JSON document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from jsobj import __version__
from jsobj.atomic import write_private_file
from jsobj.cli.parsing.world import World
from jsobj.doctor.about import about
from jsobj.doctor.case import Case
from jsobj.doctor.check import Check, Outcome, Status, worst
from jsobj.doctor.document import SCHEMA, document
from jsobj.doctor.redact import Mask, mask_for
from jsobj.doctor.report.text import layer_name, split_hint
from jsobj.ui.checklist import Checklist
from jsobj.ui.documents import Listing, Record

_LOUD = frozenset({Status.FAIL, Status.WARN})
_COUNTED = ((Status.FAIL, "failed"), (Status.WARN, "warned"), (Status.PASS, "passed"), (Status.SKIP, "skipped"))
_VERDICTS = {
    Status.FAIL: "Something failed",
    Status.WARN: "It works, but",
    Status.PASS: "All green",
    Status.SKIP: "Nothing was tested",
}


def show_checks(world: World, checks: Sequence[Check]) -> None:
    """What ``--list`` shows."""
    items = [{"id": c.id, "layer": c.layer, "title": c.title, "needs": [*c.needs, *c.unless]} for c in checks]
    columns = {"Check": "id", "Layer": "layer", "What it looks at": "title"}
    world.out.show(Listing("jsobj.doctor-list/1", items, columns))


class Teller:
    """Shows outcomes as they come: failures and warnings in a row each, the rest in one row for each layer.

    Layers in which nothing was tested are only counted, at the end. With ``--verbose`` every check has its row and its
    evidence; with ``--json`` nothing is shown.
    """

    def __init__(self, world: World, case: Case, checks: Sequence[Check]) -> None:
        self._out = world.out
        self._case = case
        self._left = Counter(check.layer for check in checks)
        self._ended: list[Status] = []
        self._list = Checklist(world.out)

    def __call__(self, outcome: Outcome) -> None:
        """Show one."""
        if self._out.as_json:
            return
        layer = outcome.check.layer
        if self._out.verbose and not self._ended:
            self._list.heading(layer_name(layer))
        if self._out.verbose or outcome.status in _LOUD:
            full = self._out.verbose or outcome.status is Status.FAIL
            row_of(self._list, outcome, mask_for(self._case), facts=outcome.finding.evidence if full else {})
        self._ended.append(outcome.status)
        self._left[layer] -= 1
        if not self._left[layer]:
            status = worst(self._ended)
            if status is not Status.SKIP and not (self._out.verbose or self._out.quiet):
                self._list.row(status.value, layer_name(layer), _counted(self._ended))
            self._ended = []


def row_of(checklist: Checklist, outcome: Outcome, mask: Mask, *, facts: Mapping[str, str], lead: str = "") -> None:
    """One check's row; ``lead`` stands before its sentence."""
    finding = outcome.finding
    checklist.row(
        outcome.status.value,
        outcome.check.id,
        lead + mask(finding.found),
        facts=[(label, mask(text)) for label, text in facts.items()],
        hint=split_hint(mask(finding.hint)) if outcome.status is not Status.PASS else (),
    )


def _counted(ended: Sequence[Status]) -> str:
    counts = Counter(ended)
    return ", ".join(f"{counts[status]} {word}" for status, word in _COUNTED if counts[status])


def show(world: World, case: Case, outcomes: Sequence[Outcome], mended: Sequence[str], report: Path | None) -> None:
    """The verdict as text, or the document; and the page with ``--report``."""
    from jsobj.doctor.report.page import render

    data = document(outcomes, mask_for(case), about(case))
    if mended:
        data["fixed"] = list(mended)
    if world.out.as_json:
        world.out.show(Record(SCHEMA, data, []))
    elif not world.out.quiet:
        world.out.data("")
        _verdict(Checklist(world.out), outcomes, mask_for(case))
    if report is not None:
        page = render({"schema": SCHEMA, **data}, jsobj_version=__version__, made=world.now())
        write_private_file(report, page.encode())
        world.out.note(f"Report: {report}")


def _verdict(checklist: Checklist, outcomes: Sequence[Outcome], mask: Mask) -> None:
    """The counts, reasons for skipped checks where nothing failed, and what failed with what to do."""
    ended = [outcome.status for outcome in outcomes]
    failures = [outcome for outcome in outcomes if outcome.status is Status.FAIL]
    reasons = Counter(mask(o.finding.found) for o in outcomes if o.status is Status.SKIP)
    facts = [] if failures else [(f"{count} skipped", reason) for reason, count in reasons.most_common()]
    status = worst(ended)
    checklist.row(status.value, _VERDICTS[status], _counted(ended), facts=facts)
    for number, outcome in enumerate(failures):
        row_of(checklist, outcome, mask, facts={}, lead="the cause: " if number == 0 else "")


def show_script(world: World, case: Case) -> None:
    """The stand-alone test."""
    from jsobj.doctor.script import stand_alone

    text = stand_alone(case)
    world.out.show(Record("jsobj.doctor-script/1", {"text": text}, text))
