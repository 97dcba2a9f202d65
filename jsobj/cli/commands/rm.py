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
@click.option("-r", "--recursive", is_flag=True, help="Delete everything below, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be deleted; delete nothing.")
@store_options
def rm(world: World, url: tuple[str, ...], recursive: bool, yes: bool, dry_run: bool, **server: Any) -> None:
    """Delete objects.

    URL may be a pattern (jsobj help patterns), in quotes; what matches is deleted after a question, folders are not.
    With --recursive folders are, too: URL/ means everything whose name begins so, and URL the object and everything
    below URL/, never what only begins alike. What is deleted cannot be brought back, except where the bucket keeps
    versions (jsobj undelete).

    \b
    Examples:
      jsobj rm s3://results/old.nc s3://results/older.nc
      jsobj rm 's3://results/raw/2025-*.tmp' --dry-run
      jsobj rm -r s3://results/scratch/ --dry-run
    """
    from jsobj.actions.delete import to_delete
    from jsobj.store.location import parse_location
    from jsobj.transfer.events import Tally

    places = [parse_location(text, need_key=not recursive) for text in url]
    tally = Tally()
    world.will_change_names()
    with stores(world, **server, tally=tally) as opened:
        found = to_delete(opened, places, recursive=recursive, left=lambda folder: _tell_left(world, folder))
        first = next(found, None) if len(places) == 1 and not recursive else None
        if first is not None and first.problem is not None:
            raise first.problem
        if first is not None and first.named and not dry_run:
            _delete_one(world, first)
            return
        found = found if first is None else chain((first,), found)
        if dry_run:
            _show_plan(world, opened, found, single=first is not None)
        else:
            _delete_all(world, opened, found if yes else _confirmed(world, found), tally)


def _tell_left(world: World, folder: str) -> None:
    world.out.warn(f"the folder {folder} is left alone; with -r it is deleted too")


def _show_plan(world: World, opened: BucketStores, found: Iterator[ToDelete], *, single: bool) -> None:
    """Raises what deleting would raise."""
    from jsobj.transfer.delete import examined
    from jsobj.transfer.events import Failed
    from jsobj.transfer.outcomes import exit_code

    failures: list[JsobjError] = []

    def there() -> Iterator[ToDelete]:
        for item in examined(found, stop=opened.stop):
            if not isinstance(item, Failed):
                yield item
                continue
            if single:
                raise item.error
            world.out.failed(item.item, item.error, hint=not failures)
            failures.append(item.error)

    def data(item: ToDelete) -> dict[str, object]:
        return {"url": item.url, "key": item.key, "size": item.size}

    count = world.out.stream(Stream("jsobj.delete-plan/1", there(), data, lambda item: safe(item.url)))
    world.out.note(f"{count} object(s) would be deleted; nothing was.")
    if failures:
        raise JsobjError(
            "not-all-deleted",
            f"{len(failures)} of {count + len(failures)} objects would not be deleted",
            code=exit_code(count, failures),
            hint="the reasons are above",
        )


def _confirmed(world: World, found: Iterator[ToDelete]) -> Iterator[ToDelete]:
    """Asks, unless every object was named by the user."""
    first = list(islice(found, _COUNTED))
    wide = [item for item in first if item.problem is None]
    if all(item.named for item in wide):
        return chain(first, found)
    more = "more than " if len(first) == _COUNTED else ""
    names = f"{wide[0].url}{f' ... {wide[-1].url}' if len(wide) > 1 else ''}"
    size = human_bytes(sum(item.size for item in wide))
    world.out.note(f"{more}{len(wide)} object(s), {more}{size}: {names}")
    world.confirm(f"Delete {more}{len(wide)} object(s)?", option="--yes")
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
