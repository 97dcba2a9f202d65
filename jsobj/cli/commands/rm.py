"""``jsobj rm``: delete objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.stores import Stores, store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.errors import JsobjError

if TYPE_CHECKING:
    from jsobj.store.location import Location
    from jsobj.transfer.delete import Doomed
    from jsobj.transfer.events import Tally

_COUNTED = 1000  # objects that are counted before the question is asked


@command("rm")
@click.argument("url", nargs=-1, required=True)
@click.option("-r", "--recursive", is_flag=True, help="Delete everything below, too; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be deleted; delete nothing.")
@store_options
def rm(
    world: World, url: tuple[str, ...], recursive: bool, yes: bool, dry_run: bool, unsigned: bool, endpoint: str
) -> None:
    """Delete objects.

    With --recursive, URL/ means everything whose name begins so, and URL the object and everything below URL/, never
    what only begins alike. What is deleted cannot be brought back, except where the bucket keeps versions.

    \b
    Examples:
      jsobj rm s3://results/old.nc s3://results/older.nc
      jsobj rm -r s3://results/scratch/ --dry-run
    """
    from jsobj.store.location import parse_location
    from jsobj.transfer.events import Tally

    places = [parse_location(text, need_key=not recursive) for text in url]
    tally = Tally()

    def told(item: str, reason: str, wait: float) -> None:
        tally.retried()
        world.out.detail(f"again in {wait:.1f} s: {item}: {reason}")

    with stores(world, unsigned=unsigned, endpoint=endpoint, on_retry=told) as opened:
        if len(places) == 1 and not recursive and not dry_run:
            _delete_one(world, opened, places[0])
            return
        found: Iterator[Doomed] = chain.from_iterable(_doomed(opened, place, recursive) for place in places)
        if dry_run:
            _show_plan(world, found)
            return
        if recursive and not yes:
            found = _confirmed(world, found)
        _delete_all(world, opened, found, tally)


def _doomed(opened: Stores, place: Location, recursive: bool) -> Iterator[Doomed]:
    from jsobj.store.location import everything_at, nothing_at
    from jsobj.transfer.delete import Doomed

    store = opened.of(place)
    if not recursive:
        yield Doomed(store, place.key, named=True)
        return
    empty = True
    for item in everything_at(store, place.key):
        empty = False
        yield Doomed(store, item.key, item.size)
    if empty and place.key:
        raise nothing_at(store, place.key)


def _show_plan(world: World, found: Iterator[Doomed]) -> None:
    from jsobj.ui.documents import Stream
    from jsobj.ui.text import safe

    def data(doomed: Doomed) -> dict[str, object]:
        return {"url": doomed.url, "key": doomed.key, "size": None if doomed.named else doomed.size}

    count = world.out.stream(Stream("jsobj.delete-plan/1", found, data, lambda doomed: safe(doomed.url)))
    world.out.note(f"{count} object(s) would be deleted; nothing was.")


def _confirmed(world: World, found: Iterator[Doomed]) -> Iterator[Doomed]:
    from jsobj.units import human_bytes

    first = list(islice(found, _COUNTED))
    if not first:
        return iter(())
    more = "more than " if len(first) == _COUNTED else ""
    names = f"{first[0].url}{f' ... {first[-1].url}' if len(first) > 1 else ''}"
    size = human_bytes(sum(doomed.size for doomed in first))
    world.out.note(f"{more}{len(first)} object(s), {more}{size}: {names}")
    world.confirm(f"Delete {more}{len(first)} object(s)?", option="--yes")
    return chain(first, found)


def _delete_one(world: World, opened: Stores, place: Location) -> None:
    from jsobj.transfer.delete import Doomed, delete
    from jsobj.ui.documents import Record

    url = opened.of(place).place.url(place.key)
    delete(Doomed(opened.of(place), place.key, named=True))
    if world.out.as_json:
        world.out.show(Record("jsobj.object-deleted/1", {"url": url, "key": place.key, "deleted": True}, []))
    else:
        world.out.note(f"Deleted {url}")


def _delete_all(world: World, opened: Stores, found: Iterator[Doomed], tally: Tally) -> None:
    from jsobj.transfer.delete import delete_all
    from jsobj.transfer.events import Started
    from jsobj.transfer.outcomes import exit_code
    from jsobj.ui.progress import open_progress

    with open_progress(world.out, "auto", tally) as progress:
        progress(Started("delete", "", ""))
        failures = delete_all(found, opened, tally=tally, tell=progress)
        progress(replace(tally.summary("delete"), unverified=0))
    progress.show_result()
    if failures:
        raise JsobjError(
            "not-all-deleted",
            f"{tally.failed} of {tally.found_items} objects could not be deleted",
            code=exit_code(tally.done, failures),
            hint="the reasons are above; when they are mended, run the same command again",
        )
