"""``jsobj undelete``: bring deleted objects back, where a bucket keeps versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_sides
from jsobj.cli.parsing.world import World
from jsobj.cli.views.times import human, iso
from jsobj.errors import BadUsage, JsobjError
from jsobj.ui.documents import Stream
from jsobj.ui.text import safe
from jsobj.units import human_bytes, moment_ago

if TYPE_CHECKING:
    from jsobj.housekeeping.undelete import Deleted
    from jsobj.housekeeping.versions import VersionStore
    from jsobj.store.buckets import Version

_Item = tuple[str, "Version", "Deleted | None"]  # what became of it, the version that is read, what was deleted


@command("undelete")
@click.argument("url", shell_complete=complete_places)
@click.option("-r", "--recursive", is_flag=True, help="Everything that was deleted below, too.")
@click.option("--since", metavar="TIME", default="", help="Only what was deleted since then, such as 2h or 2027-01-31.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be brought back; change nothing.")
def undelete(world: World, url: str, recursive: bool, since: str, dry_run: bool) -> None:
    """Bring deleted objects back, where a bucket keeps versions.

    The newest version that is left is read again; what is there is left alone, and no version is lost. An object that
    was replaced, not deleted: jsobj ls --versions URL, then jsobj cp --version ID URL DEST.

    \b
    Examples:
      jsobj undelete s3://results/run42.nc
      jsobj undelete -r s3://results/raw/ --since 2h --dry-run
    """
    from jsobj.housekeeping.undelete import deleted_below, one
    from jsobj.housekeeping.versions import require_versions
    from jsobj.store.location import parse_location

    location = parse_location(url, need_key=not recursive)
    if since and not recursive:
        raise BadUsage("--since goes with --recursive")
    moment = moment_ago(since, world.now()).timestamp() if since else None
    failures: list[JsobjError] = []
    with store_sides(world, location) as sides:
        store = require_versions(sides)
        items: Iterator[_Item]
        is_there = False
        if recursive:
            items = _brought_back(world, store, deleted_below(store, location.key, moment), dry_run, failures)
        else:
            deleted, there = one(store, location.key)
            if there is not None:
                is_there = True
                items = iter((("there", there, None),))
            else:
                assert deleted is not None
                items = _brought_back(world, store, iter((deleted,)), dry_run, failures)
        world.will_change_names()
        count = _stream(world, store, items)
    if not count and not failures:
        world.out.note("Nothing that was deleted is kept there.")
    elif is_there:
        world.out.note("It was not deleted; nothing was changed.")
    elif dry_run:
        world.out.note(f"{count} object(s) would be brought back; nothing was changed.")
    if failures:
        from jsobj.transfer.outcomes import exit_code

        raise JsobjError(
            "not-all-restored",
            f"{len(failures)} of {count + len(failures)} objects could not be brought back",
            code=exit_code(count, failures),
            hint="the reasons are above; run the same command again",
        )


def _brought_back(
    world: World, store: VersionStore, found: Iterator[Deleted], dry_run: bool, failures: list[JsobjError]
) -> Iterator[_Item]:
    from jsobj.housekeeping.undelete import bring_all_back

    if dry_run:
        for deleted in found:
            assert deleted.version is not None
            yield "planned", deleted.version, deleted
        return
    # Listed first: a server that goes on behind a marker which is deleted by then may leave some out (Ceph RGW 16).
    with closing(bring_all_back(store, list(found))) as all_back:
        for restored in all_back:
            if restored.error is not None:
                world.out.failed(store.url(restored.deleted.key), restored.error, hint=not failures)
                failures.append(restored.error)
                continue
            assert restored.deleted.version is not None
            yield "restored", restored.deleted.version, restored.deleted


def _stream(world: World, store: VersionStore, items: Iterator[_Item]) -> int:
    words = {"restored": "restored", "planned": "to restore", "there": "is there"}

    def data(item: _Item) -> dict[str, object]:
        state, version, deleted = item
        return {
            "url": store.url(version.key),
            "key": version.key,
            "state": state,
            "id": version.id,
            "size": version.size,
            "modified": iso(version.modified),
            "deleted": iso(deleted.since) if deleted is not None else None,
        }

    def line(item: _Item) -> str:
        state, version, deleted = item
        name = safe(store.url(version.key))
        if world.out.on_terminal:
            since = f", deleted {human(deleted.since)}" if deleted is not None and deleted.since else ""
            return f"{words[state]}: {name} ({human_bytes(version.size)}{since})"
        return f"{state}\t{version.size}\t{safe(version.id)}\t{name}"

    return world.out.stream(Stream("jsobj.undelete-list/1", items, data, line))
