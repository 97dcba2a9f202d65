"""How the doctor's outcomes look: a line per check while they run, then the verdict; or one JSON document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jsobj.cli.world import World
from jsobj.doctor.case import Case
from jsobj.doctor.document import SCHEMA, document
from jsobj.doctor.masking import Mask, mask_for
from jsobj.doctor.values import Check, Outcome, Status
from jsobj.ui.documents import Listing, Record
from jsobj.ui.text import safe

_LOUD = frozenset({Status.FAIL, Status.WARN})


def listing(checks: Sequence[Check]) -> Listing:
    """What ``--list`` shows."""
    items = [{"id": c.id, "layer": c.layer, "title": c.title, "needs": [*c.needs, *c.unless]} for c in checks]
    shown = [{"id": c.id, "layer": c.layer, "title": c.title} for c in checks]
    columns = [("id", "Check"), ("layer", "Layer"), ("title", "What it looks at")]
    return Listing("jsobj.doctor-list/1", items, columns, shown, "")


def teller(world: World, case: Case) -> Callable[[Outcome], None]:
    """Tell each outcome as soon as it is its turn; nothing with ``--json``."""
    layer: list[str] = []

    def tell(outcome: Outcome) -> None:
        if world.out.as_json or (world.out.quiet and outcome.status not in _LOUD):
            return
        lines = []
        if layer[-1:] != [outcome.check.layer]:
            layer.append(outcome.check.layer)
            lines.append(f"{outcome.check.layer[0].upper()}{outcome.check.layer[1:]}")
        lines += _lines(outcome, mask_for(case), verbose=world.out.verbose)
        world.out.data("\n".join(lines))

    return tell


def _lines(outcome: Outcome, mask: Mask, *, verbose: bool) -> list[str]:
    finding = outcome.finding
    lines = [f"  {outcome.status.value}  {outcome.check.id:<14} {safe(mask(finding.found))}"]
    if outcome.status is Status.FAIL or verbose:
        lines += [f"        {safe(label)}: {safe(mask(text))}" for label, text in finding.evidence.items()]
    if finding.hint and (outcome.status is not Status.PASS):
        lines.append(f"        Next: {safe(mask(finding.hint))}")
    return lines


def show(world: World, case: Case, outcomes: Sequence[Outcome], mended: Sequence[str], report: Path | None) -> None:
    """The verdict for people, or the document; and the page where it was asked for."""
    data = document(outcomes, mask_for(case))
    if mended:
        data["fixed"] = list(mended)
    if world.out.as_json:
        world.out.show(Record(SCHEMA, data, []))
    else:
        world.out.note(_verdict(outcomes))
    if report is not None:
        _write_report(world, {"schema": SCHEMA, **data}, report)


def _verdict(outcomes: Sequence[Outcome]) -> str:
    failed = [o for o in outcomes if o.status is Status.FAIL]
    warned = sum(o.status is Status.WARN for o in outcomes)
    skipped = sum(o.status is Status.SKIP for o in outcomes)
    rest = f"{warned} warning(s), {skipped} skipped"
    if failed:
        return f"The cause is '{failed[0].check.id}' ({failed[0].check.title}). {len(failed)} failed, {rest}."
    return f"Nothing failed: {sum(o.status is Status.PASS for o in outcomes)} passed, {rest}."


def _write_report(world: World, data: dict[str, object], path: Path) -> None:
    from jsobj import __version__
    from jsobj.atomic import write_private_file
    from jsobj.doctor.report import render

    write_private_file(path, render(data, jsobj_version=__version__, made=world.now()).encode())
    world.out.note(f"Report: {path}")


def show_script(world: World, case: Case) -> None:
    """The stand-alone test; as one JSON document with ``--json``."""
    from jsobj.doctor.script import stand_alone

    text = stand_alone(case)
    if world.out.as_json:
        world.out.show(Record("jsobj.doctor-script/1", {"text": text}, []))
    else:
        world.out.data(text)
