"""``jsobj stat``: everything that is known about objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.several import Several
from jsobj.cli.views.times import human, iso, seconds_of
from jsobj.ui.documents import Record, Stream
from jsobj.units import exact_size

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.store.location import Location
    from jsobj.store.objects import Store
    from jsobj.store.values import ObjectInfo, StorePlace


@command("stat")
@click.argument("url", nargs=-1, required=True, shell_complete=complete_places)
@store_options
def stat(world: World, url: tuple[str, ...], unsigned: bool, endpoint: str) -> None:
    """Show objects: size, time, ETag, type, metadata.

    URL may be a pattern (jsobj help patterns). 'Verifiable by' says what a download compares the bytes with: the MD5 of
    the whole, the MD5s of the parts in which the object was sent, those of the segments that its manifest names, or the
    CRC-32C of the whole, as of objects that Google has put together.

    \b
    Examples:
      jsobj stat s3://results/run42.nc
      jsobj stat 's3://results/raw/2026-*.nc' --json
    """
    from jsobj.store.location import parse_location

    places = [parse_location(text, need_key=True, public=True, signed=True, foreign=True) for text in url]
    several = Several(world, len(places))
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        places = [opened.meant(place) for place in places]
        found = chain.from_iterable(several.objects(opened, place) for place in places)
        if len(places) == 1:
            first = next(found, places[0])
            if first == places[0]:  # its name, and no pattern
                world.out.show(_record(*_known(opened, first)))
                return
            found = chain((first,), found)
        gaps = chain(("",), repeat("\n"))
        world.out.stream(
            Stream(
                "jsobj.object-list/1",
                _records(several, opened, found, places),
                lambda record: {"type": "object", **record.data},
                lambda record: next(gaps) + world.out.text_of(record.lines),
            )
        )
        several.finish()


def _records(
    several: Several, opened: BucketStores, found: Iterable[Location], places: Sequence[Location]
) -> Iterator[Record]:
    for one in found:
        known = several.attempt(str(one), partial(_known, opened, one), named=one in places)
        if known is not None:
            yield _record(*known)


def _known(opened: BucketStores, place: Location) -> tuple[StorePlace, ObjectInfo, str, int | None]:
    store = opened.of(place)
    info = store.head(place.key)
    return store.place, info, *_verifiable(store, info)


def _record(place: StorePlace, info: ObjectInfo, by: str, parts: int | None) -> Record:
    from jsobj.store.values import DELETE_AT, MTIME, SERVED

    url, written = place.url(info.key), info.metadata.get(MTIME, "")
    file_modified = human(seconds_of(written))
    ends = seconds_of(info.served.get(DELETE_AT, ""))
    data = {
        "url": url,
        "key": info.key,
        "size": info.size,
        "modified": iso(info.modified),
        "etag": info.etag or None,
        "content_type": info.content_type or None,
        "content_encoding": info.content_encoding or None,
        **{name.replace("-", "_"): info.served.get(name) for name in SERVED},
        "delete_at": iso(ends),
        "version": info.version or None,
        "large": info.large,
        "parts": parts,
        "verifiable_by": by or None,
        "metadata": dict(info.metadata),
        "file_modified": iso(seconds_of(written)),
    }
    lines = [
        ("Object", url),
        ("Size", exact_size(info.size)),
        ("Modified", human(info.modified)),
        ("ETag", info.etag),
        ("Type", info.content_type),
        ("Encoding", info.content_encoding),
        *((name.title(), text) for name, text in info.served.items() if name != DELETE_AT),
        ("Deleted by itself", human(ends)),
        ("Version", info.version),
        ("Parts", str(parts) if parts is not None else ""),
        ("Verifiable by", by or "size only"),
        *(
            (f"Metadata {name}", value)
            for name, value in sorted(info.metadata.items())
            if name != MTIME or not file_modified
        ),
        ("File modified", file_modified),
    ]
    return Record("jsobj.object/1", data, [line for line in lines if line[1]])


def _verifiable(store: Store, info: ObjectInfo) -> tuple[str, int | None]:
    """What the bytes can be compared with, and the number of parts where there are any."""
    if info.checksum[0]:
        return info.checksum[0], None
    known = store.digests(info)
    if info.parts is not None:
        return "parts", info.parts
    if not known:
        return "crc32c" if info.crc32c else "", None
    return ("manifest", len(known)) if info.large else ("md5", None)
