"""Verdicts of a comparison as commands show them: what is not the same, line by line, then the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jsobj.ui.documents import Listing, Stream
from jsobj.ui.text import safe
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from jsobj.actions.verify import Verification
    from jsobj.cli.parsing.world import World
    from jsobj.housekeeping.segments.check import SegmentCheck
    from jsobj.housekeeping.segments.verdict import Looked
    from jsobj.transfer.verify import Checked


def show_verdicts(world: World, verification: Verification, *, where: str) -> None:
    """Write the verdicts as they come, then their numbers."""
    everything = world.out.as_json or world.out.verbose

    def data(found: Checked) -> dict[str, object]:
        return {"item": found.item, "state": found.state, "by": found.by or None, "size": found.size}

    def line(found: Checked) -> str:
        return f"{found.state}\t{safe(found.item)}\t{safe(found.by)}"

    shown = (found for found in verification if everything or not verification.is_fine(found))
    world.out.stream(Stream("jsobj.verify/1", shown, data, line))
    if verification.warning:
        world.out.warn(verification.warning)
    world.out.note(sentence(verification.counts, where))


def show_segments(world: World, check: SegmentCheck) -> None:
    """Write the verdicts on large objects as they come, then how many there were, and what nothing names."""
    bucket = check.store.place.bucket

    def data(found: Looked) -> dict[str, object]:
        return {
            "item": found.key,
            "state": found.state,
            "by": found.by,
            "size": found.size,
            "kind": found.kind,
            "segments": found.segments,
            "wrong": [{"container": each.container, "key": each.key, "why": each.why} for each in found.wrong],
        }

    def line(found: Looked) -> str:
        return f"{found.state}\t{safe(found.key)}\t{safe(found.by)}"

    def end() -> tuple[dict[str, object], str]:
        unnamed = {"segments": check.unnamed, "bytes": check.unnamed_bytes}
        return {"looked_at": check.looked_at, "unnamed": unnamed}, ""

    everything = world.out.as_json or world.out.verbose
    shown = (found for found in check if everything or found.state != "intact")
    if world.out.on_terminal and not world.out.as_json:
        if broken := tuple(shown):  # few: they are seldom, and whoever wants all of many has a pipe
            world.out.show(Listing("jsobj.verify/1", broken, {"Object": "item", "State": "state", "Why": "by"}, data))
    else:
        world.out.stream(Stream("jsobj.verify/1", shown, data, line, end))
    one = check.looked_at == 1
    world.out.note(f"{check.looked_at} large object{'' if one else 's'}: {sentence(check.counts, 'bucket')}")
    if check.unnamed:
        which = "1 segment" if check.unnamed == 1 else f"{check.unnamed} segments"
        world.out.note(
            f"{which} ({human_bytes(check.unnamed_bytes)}) that no object there names, of other versions or of uploads "
            f"that were not finished: jsobj bucket clean {bucket}{check.store.place.at}"
        )


def sentence(counts: Mapping[str, int], where: str) -> str:
    """``70 same, 2 differ, 1 object without a file``: what is fine first."""
    words = {
        "same": ("same", "same"),
        "intact": ("intact", "intact"),
        "broken": ("broken", "broken"),
        "differs": ("differs", "differ"),
        "missing": ("missing", "missing"),
        "forbidden": ("forbidden", "forbidden"),
        "unverified": ("not compared", "not compared"),
        "unreadable": ("unreadable", "unreadable"),
        "extra": (f"more in the {where}", f"more in the {where}"),
        "link": ("symbolic link left out", "symbolic links left out"),
    }
    parts = [f"{counts[state]} {words[state][counts[state] != 1]}" for state in words if counts.get(state)]
    return ", ".join(parts) or "There is nothing to compare."
