"""``jsobj bucket clean``: what takes space that no listing of objects shows, found and removed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_buckets
from jsobj.cli.parsing.stores import store_sides
from jsobj.cli.parsing.world import World
from jsobj.cli.views.times import human, iso
from jsobj.errors import JsobjError
from jsobj.ui.documents import Record
from jsobj.ui.text import safe
from jsobj.units import human_bytes, moment_ago

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jsobj.housekeeping.cleaning.leftovers import Leftover, Search
    from jsobj.housekeeping.cleaning.search import Removal

# By kind: on a line of its own, and in a count.
_NAMES = {
    "upload": ("upload", "unfinished upload(s)"),
    "segments": ("segments", "upload(s) in segments that no object uses"),
    "folder": ("folder mark", "mark(s) of folders"),
    "marker": ("marker", "delete marker(s)"),
    "version": ("version", "old version(s)"),
}
_SHOWN = 20  # lines on a terminal or pipe; --json has all


@command("clean")
@click.argument("bucket", shell_complete=complete_buckets)
@click.option("--older-than", metavar="TIME", default="1d", show_default=True, help="Spare what is younger than this.")
@click.option(
    "--versions-older-than", metavar="TIME", default="", help="Old versions, too, that were replaced longer ago."
)
@click.option(
    "--only", "kinds", multiple=True, type=click.Choice(list(_NAMES)), help="Nothing but this; may be given again."
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be removed; remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(
    world: World,
    bucket: str,
    older_than: str,
    versions_older_than: str,
    kinds: tuple[str, ...],
    dry_run: bool,
    yes: bool,
) -> None:
    """Remove what takes space and belongs to no object.

    Unfinished uploads, segments that no large object names, marks of folders that are not empty, delete markers with
    nothing below them; with --versions-older-than old versions, too. It is shown first, and each thing is looked at
    once more before it is deleted. An upload that jsobj can continue from this computer stays (jsobj jobs list).
    Segments go only if the manifests in all containers of the project could be read. Keep --older-than longer than the
    longest upload that may run.

    \b
    Examples:
      jsobj bucket clean results --dry-run
      jsobj bucket clean results --older-than 7d --versions-older-than 90d
    """
    from jsobj.housekeeping.cleaning.leftovers import KINDS, Limits
    from jsobj.housekeeping.cleaning.search import remove, require_bucket, search
    from jsobj.store.location import parse_location

    now, location = world.now(), parse_location(bucket)
    latest = moment_ago(older_than, now).timestamp()
    versions = moment_ago(versions_older_than, now).timestamp() if versions_older_than else None
    require_bucket(location.bucket)
    with store_sides(world, location) as sides:
        found = search(sides, Limits(latest, versions), world.settings.state_dir, kinds or KINDS)
        count = len(found.leftovers)
        if dry_run or not count:
            _show(world, location.bucket, found, [], dry_run=dry_run)
            return
        if not yes:
            world.out.note("\n".join(_plan(found.leftovers)))
            world.confirm(f"Remove {_counted(found.leftovers)}?", option="--yes")
        removals = []
        for removal in remove(found.leftovers):
            removals.append(removal)
            if removal.error is not None:
                world.out.failed(removal.leftover.place, removal.error, hint=len(removals) == 1)
        _show(world, location.bucket, found, removals)
    failures = [removal.error for removal in removals if removal.error is not None]
    if failures:
        from jsobj.transfer.outcomes import exit_code

        raise JsobjError(
            "not-all-removed",
            f"{len(failures)} of {count} could not be removed",
            code=exit_code(count - len(failures), failures),
            hint="the reasons are above; when they are mended, run the same command again",
        )


def _show(world: World, bucket: str, found: Search, removals: Sequence[Removal], *, dry_run: bool = False) -> None:
    states = {id(removal.leftover): removal for removal in removals}
    items = [_data(leftover, states.get(id(leftover))) for leftover in found.leftovers]
    gone = [removal.leftover for removal in removals if removal.state == "removed"]
    data = {
        "bucket": bucket,
        "dry_run": dry_run,
        "items": items,
        "removed": len(gone),
        "removed_objects": sum(leftover.objects for leftover in gone),
        "removed_bytes": sum(leftover.size for leftover in gone),
        "kept": [{"count": kept.count, "why": kept.why} for kept in found.kept],
        "not_looked_at": list(found.unseen),
    }
    lines = [*_plan(found.leftovers)] if dry_run else []
    if gone or removals:
        lines.append(f"Removed: {_counted(gone)}" if gone else "Removed: nothing")
    elif dry_run and found.leftovers:
        lines.append(f"Would be removed: {_counted(found.leftovers)}; nothing was")
    else:
        lines.append(
            f"{bucket}: nothing to remove was found" + (", as far as it was looked at" if found.unseen else "")
        )
    for removal in removals:
        if removal.left:
            lines.append(f"Left: {safe(removal.leftover.place)}: {removal.left}")
    lines += [f"Kept: {kept.count} {kept.why}" for kept in found.kept]
    lines += [f"Not looked at: {safe(each)}" for each in found.unseen]
    world.out.show(Record("jsobj.bucket-clean/1", data, "\n".join(lines)))


def _plan(leftovers: Sequence[Leftover]) -> list[str]:
    lines = [
        f"{human_bytes(each.size):>10}  {human(each.newest):<20}  {_NAMES[each.kind][0]:<11}  {safe(each.place)}"
        for each in leftovers[:_SHOWN]
    ]
    more = len(leftovers) - _SHOWN
    return [*lines, f"... and {more} more (--json names all)"] if more > 0 else lines


def _counted(leftovers: Sequence[Leftover]) -> str:
    """``2 unfinished upload(s), 1 delete marker(s) (3 objects or parts, 5.1 MiB)``."""
    kinds = Counter(leftover.kind for leftover in leftovers)
    words = ", ".join(f"{n} {_NAMES[kind][1]}" for kind, n in kinds.items())
    objects, size = sum(each.objects for each in leftovers), sum(each.size for each in leftovers)
    return f"{words} ({objects} objects or parts, {human_bytes(size)})"


def _data(leftover: Leftover, removal: Removal | None) -> dict[str, object]:
    return {
        "kind": leftover.kind,
        "key": leftover.key,
        "url": leftover.place,
        "id": leftover.id or None,
        "objects": leftover.objects,
        "bytes": leftover.size,
        "newest": iso(leftover.newest),
        "state": removal.state if removal is not None else "found",
        "reason": (removal.left or (removal.error.message if removal.error else "") or None) if removal else None,
    }
