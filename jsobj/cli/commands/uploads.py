"""``jsobj uploads``: multipart uploads that were begun and never completed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.times import human, iso
from jsobj.errors import UploadNotFound
from jsobj.ui.documents import Listing, Stream
from jsobj.ui.text import safe
from jsobj.units import moment_ago

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.store.location import Location
    from jsobj.store.objects import Store
    from jsobj.store.values import Upload

_TIME, _LEAST = 20, 30  # columns on a terminal: of a time, and of what follows it

group = Group(
    "uploads",
    {
        "list": Entry("uploads:list_", "List unfinished uploads."),
        "abort": Entry("uploads:abort", "Give unfinished uploads up; their parts are deleted."),
    },
    help="List and abort unfinished multipart uploads.\n\nTheir parts take space that no listing of objects shows. "
    "An interrupted jsobj upload goes on when the same command is run again; what is left of others can be aborted.",
)


@command("list")
@click.argument("url", required=False, default="", shell_complete=complete_places)
@store_options
def list_(world: World, url: str, unsigned: bool, endpoint: str) -> None:
    """List unfinished uploads.

    In all buckets, in one, or below a prefix. Over Swift, these are segments of jsobj's that no object uses. A terminal
    shows long names and ids without their middle; a pipe and --json have all of them.
    """

    def line(found: tuple[Store, Upload]) -> str:
        store, upload = found
        name = safe(store.place.url(upload.key))
        if world.out.on_terminal:
            from jsobj.ui.fit import cell_len, shortened

            room = max(_LEAST, world.out.columns - _TIME - 4)
            name = shortened(name, room * 3 // 5, world.out.cut)
            ident = shortened(safe(upload.id), room - cell_len(name), world.out.cut)
            return f"{human(upload.started):<{_TIME}}  {name}  {ident}"
        return f"{iso(upload.started) or ''}\t{name}\t{safe(upload.id)}"

    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        places = _places(opened, url)
        found = ((opened.of(place), upload) for place in places for upload in opened.of(place).uploads(place.key))
        if not world.out.stream(Stream("jsobj.upload-list/1", found, _data, line)):
            world.out.note("There are no unfinished uploads.")


@command("abort")
@click.argument("url", shell_complete=complete_places)
@click.option("--id", "upload_id", metavar="ID", default="", help="Only the one with this id.")
@click.option("--older-than", metavar="TIME", default="", help="Only those begun longer ago, such as 1d.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_options
def abort(world: World, url: str, upload_id: str, older_than: str, yes: bool, unsigned: bool, endpoint: str) -> None:
    """Give unfinished uploads up; their parts are deleted.

    Uploads that run at this moment, also elsewhere, fail when they are aborted: --older-than spares them.

    \b
    Example:
      jsobj uploads abort s3://results --older-than 1d
    """
    from jsobj.store.location import parse_location

    latest = moment_ago(older_than, world.now()).timestamp() if older_than else None
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        place = parse_location(url, foreign=True)
        store = opened.of(place)
        found = [
            upload
            for upload in store.uploads(place.key)
            if upload_id in {"", upload.id}
            and (latest is None or (upload.started is not None and upload.started < latest))
        ]
        if upload_id and not found:
            raise UploadNotFound(
                f"{store.place.url(place.key)} has no unfinished upload with the id '{upload_id[:80]}'",
                hint=f"see which there are: jsobj uploads list {store.place.url()}",
            )
        if found and not yes:
            world.out.note("\n".join(f"{human(upload.started)}  {store.place.url(upload.key)}" for upload in found))
            world.confirm(f"Abort {len(found)} upload(s)?", option="--yes")
        for upload in found:
            store.abort(upload)
            world.out.detail(f"aborted {store.place.url(upload.key)} {upload.id}")
        items = [_data((store, upload)) for upload in found]
        columns = {"Aborted": "url", "Upload": "id"}
        world.out.show(Listing("jsobj.upload-list/1", items, columns, empty="There was no upload to abort."))


def _places(opened: BucketStores, url: str) -> Iterator[Location]:
    from jsobj.store.location import Location, parse_location

    if url not in {"", "s3://", "swift://"}:
        yield parse_location(url, foreign=True)
        return
    for bucket in opened.buckets(url.removesuffix("://")):
        yield Location(bucket.dialect, bucket.name)


def _data(found: tuple[Store, Upload]) -> dict[str, object]:
    store, upload = found
    url = store.place.url(upload.key)
    return {"url": url, "key": upload.key, "id": upload.id, "started": iso(upload.started)}
