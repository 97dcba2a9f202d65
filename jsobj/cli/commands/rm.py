"""``jsobj rm``: delete objects."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.errors import JsobjError
from jsobj.ui.documents import Record, Stream
from jsobj.ui.text import safe
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.transfer.delete import ToDelete
    from jsobj.transfer.events import Tally

_COUNTED = 1000  # objects that are counted before the question is asked


@command("rm")
@click.argument("url", nargs=-1, required=True, shell_complete=complete_places)
@click.option("-r", "--recursive", is_flag=True, help="Delete everything below, too; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be deleted; delete nothing.")
@store_options
def rm(world: World, url: tuple[str, ...], recursive: bool, yes: bool, dry_run: bool, **server: Any) -> None:
    """Delete objects.

    With --recursive, URL/ means everything whose name begins so, and URL the object and everything below URL/, never
    what only begins alike. What is deleted cannot be brought back, except where the bucket keeps versions.

    \b
    Examples:
      jsobj rm s3://results/old.nc s3://results/older.nc
      jsobj rm -r s3://results/scratch/ --dry-run
    """
    from jsobj.actions.delete import to_delete
    from jsobj.store.location import parse_location
    from jsobj.transfer.events import Tally

    places = [parse_location(text, need_key=not recursive) for text in url]
    tally = Tally()
    world.will_change_names()
    with stores(world, **server, tally=tally) as opened:
        found = to_delete(opened, places, recursive=recursive)
        if dry_run:
            _show_plan(world, found)
        elif len(places) == 1 and not recursive:
            _delete_one(world, next(found))
        else:
            _delete_all(world, opened, found if yes or not recursive else _confirmed(world, found), tally)


def _show_plan(world: World, found: Iterator[ToDelete]) -> None:
    def data(item: ToDelete) -> dict[str, object]:
        return {"url": item.url, "key": item.key, "size": None if item.named else item.size}

    count = world.out.stream(Stream("jsobj.delete-plan/1", found, data, lambda item: safe(item.url)))
    world.out.note(f"{count} object(s) would be deleted; nothing was.")


def _confirmed(world: World, found: Iterator[ToDelete]) -> Iterator[ToDelete]:
    first = list(islice(found, _COUNTED))
    if not first:
        return iter(())
    more = "more than " if len(first) == _COUNTED else ""
    names = f"{first[0].url}{f' ... {first[-1].url}' if len(first) > 1 else ''}"
    size = human_bytes(sum(item.size for item in first))
    world.out.note(f"{more}{len(first)} object(s), {more}{size}: {names}")
    world.confirm(f"Delete {more}{len(first)} object(s)?", option="--yes")
    return chain(first, found)


def _delete_one(world: World, item: ToDelete) -> None:
    from jsobj.transfer.delete import delete

    delete(item)
    if world.out.as_json:
        world.out.show(Record("jsobj.object-deleted/1", {"url": item.url, "key": item.key, "deleted": True}, []))
    else:
        world.out.note(f"Deleted {item.url}")


def _delete_all(world: World, opened: BucketStores, found: Iterator[ToDelete], tally: Tally) -> None:
    from jsobj.actions.delete import delete
    from jsobj.ui.progress import open_progress

    with open_progress(world.out, "auto", tally) as progress:
        result = delete(opened, found, tally, progress)
    progress.show_result()
    if result.failures:
        raise JsobjError(
            "not-all-deleted",
            f"{tally.failed} of {tally.found_items} objects could not be deleted",
            code=result.code,
            hint="the reasons are above; when they are mended, run the same command again",
        )
