"""``jsobj cat``: the bytes of objects, to standard output."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.several import Several
from jsobj.errors import BadUsage, ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.actions.read import ByteRange
    from jsobj.actions.stores import BucketStores
    from jsobj.store.location import Location

_RANGE = re.compile(r"(?P<first>\d{1,18})-(?P<last>\d{1,18})?|-(?P<tail>\d{1,18})")


@command("cat")
@click.argument("url", nargs=-1, required=True, shell_complete=complete_places)
@click.option(
    "--range", "wanted", metavar="A-B", default="", help="Bytes A to B from 0, B included; A- or -N (last N)."
)
@click.option("--version", metavar="ID", default="", help="This version, as jsobj ls --versions names it.")
@store_options
def cat(world: World, url: tuple[str, ...], wanted: str, version: str, unsigned: bool, endpoint: str) -> None:
    """Write objects to standard output.

    The bytes are those that are stored (compressed ones stay so), compared with the object's digest where it has one:
    exit code 8 says that what came is wrong. A stretch (--range), of one object, cannot be compared with anything.
    Several objects, or those that match a pattern (jsobj help patterns), are written one after the other; one that is
    missing does not keep the others from being written, and the exit code tells of it.

    \b
    Examples:
      jsobj cat s3://results/log.txt | less
      jsobj cat 's3://results/raw/2026-*.csv' > all.csv
      jsobj cat s3://results/run42.nc --range 0-1023 | xxd
    """
    from jsobj.store.location import parse_location

    places = [parse_location(text, need_key=True, public=True, signed=True, foreign=True) for text in url]
    if wanted and len(places) > 1:
        raise BadUsage("--range goes with one object")
    if version and len(places) > 1:
        raise BadUsage("--version goes with one object")
    part = _parsed(wanted) if wanted else None
    several = Several(world, len(places))
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        if version:
            _write(world, opened, places[0], part, version)
            return
        for place in map(opened.meant, places):
            for one in several.objects(opened, place):
                if part is not None and one != place:
                    raise BadUsage("--range goes with one object, not with a pattern")
                several.attempt(str(one), partial(_write, world, opened, one, part), named=one == place)
        several.finish()


def _write(world: World, opened: BucketStores, place: Location, part: ByteRange | None, version: str = "") -> None:
    from jsobj.actions.read import read

    store, reading = read(opened, place, part, version)
    for data in reading:
        world.out.write_bytes(data)
    if part is None:
        by = reading.verified
        world.out.detail(f"{store.place.url(place.key)}: {f'verified by {by}' if by else 'size only'}")


def _parsed(text: str) -> ByteRange:
    from jsobj.actions.read import ByteRange

    match = _RANGE.fullmatch(text)
    if match is None or (match["last"] and int(match["last"]) < int(match["first"])):
        raise JsobjError(
            "bad-range",
            f"'{text[:80]}' is not a range of bytes",
            code=ExitCode.USAGE,
            hint="write 0-1023 (the first 1024 bytes), 1024- (from there to the end) or -100 (the last 100)",
        )
    if match["tail"]:
        return ByteRange(tail=int(match["tail"]))
    return ByteRange(int(match["first"]), int(match["last"]) if match["last"] else None)
