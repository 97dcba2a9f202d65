"""``jsobj stat``: everything that is known about one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.times import human, iso, seconds_of
from jsobj.ui.documents import Record
from jsobj.units import exact_size

if TYPE_CHECKING:
    from jsobj.store.objects import ObjectInfo, Store


@command("stat")
@click.argument("url", shell_complete=complete_places)
@store_options
def stat(world: World, url: str, unsigned: bool, endpoint: str) -> None:
    """Show one object: size, time, ETag, type, metadata.

    'Verifiable by' says what a download compares the bytes with: the MD5 of the whole, the MD5s of the parts in which
    the object was sent, or those of the segments that its manifest names.

    \b
    Example:
      jsobj stat s3://results/run42.nc
    """
    from jsobj.store.location import parse_location
    from jsobj.store.objects import MTIME, SERVED

    place = parse_location(url, need_key=True)
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        store = opened.of(place)
        info = store.head(place.key)
        by, parts = _verifiable(store, info)
    written = info.metadata.get(MTIME, "")
    data = {
        "url": store.place.url(info.key),
        "key": info.key,
        "size": info.size,
        "modified": iso(info.modified),
        "etag": info.etag or None,
        "content_type": info.content_type or None,
        "content_encoding": info.content_encoding or None,
        **{name.replace("-", "_"): info.served.get(name) for name in SERVED},
        "version": info.version or None,
        "large": info.large,
        "parts": parts,
        "verifiable_by": by or None,
        "metadata": dict(info.metadata),
        "file_modified": iso(seconds_of(written)),
    }
    lines = [
        ("Object", store.place.url(info.key)),
        ("Size", exact_size(info.size)),
        ("Modified", human(info.modified)),
        ("ETag", info.etag),
        ("Type", info.content_type),
        ("Encoding", info.content_encoding),
        *((name.title(), text) for name, text in info.served.items()),
        ("Version", info.version),
        ("Parts", str(parts) if parts is not None else ""),
        ("Verifiable by", by or "size only"),
        *((f"Metadata {name}", value) for name, value in sorted(info.metadata.items())),
        ("File modified", human(seconds_of(written))),
    ]
    world.out.show(Record("jsobj.object/1", data, [line for line in lines if line[1]]))


def _verifiable(store: Store, info: ObjectInfo) -> tuple[str, int | None]:
    """What the bytes can be compared with, and the number of parts where there are any."""
    known = store.digests(info)
    if info.parts is not None:
        return "parts", info.parts
    if not known:
        return "", None
    return ("manifest", len(known)) if info.large else ("md5", None)
