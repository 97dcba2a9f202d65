"""``jsobj publish``: a page beside the data that shows what is there to everybody with a browser."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_files, complete_places
from jsobj.cli.parsing.stores import request_of, stores
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Record, Stream
from jsobj.ui.text import safe
from jsobj.units import exact_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsobj.publish.manifest import ManifestLine
    from jsobj.publish.site import Change, Publication, Site
    from jsobj.publish.wish import Wish
    from jsobj.store.location import Location

_LARGEST = 1024**2  # bytes of a description
_ACTIONS = {"write": "write ", "keep": "keep  ", "leave": "leave ", "remove": "remove"}


@command("publish")
@click.argument("url", shell_complete=complete_places)
@click.option("--title", metavar="TEXT", default="", help="Title of the page; kept for the next time.")
@click.option(
    "--readme", metavar="FILE", default="", shell_complete=complete_files, help="Put FILE there as README.md."
)
@click.option(
    "--depth", metavar="N", type=click.IntRange(0, 999), help="Pages for folders N deep; 0: one page for all."
)
@click.option("--manifest/--no-manifest", default=None, help="Whether MANIFEST.sha256 is made; kept; default: yes.")
@click.option("--force", is_flag=True, help="Replace URL's own index.html or README.md that jsobj has not made.")
@click.option("--remove", is_flag=True, help="Delete all that publish wrote, and nothing else.")
@click.option("-n", "--dry-run", is_flag=True, help="Show which pages would be written; write nothing.")
def publish(
    world: World,
    url: str,
    title: str,
    readme: str,
    depth: int | None,
    manifest: bool | None,
    force: bool,
    remove: bool,
    dry_run: bool,
) -> None:
    """Put a page beside public data that shows them in a browser.

    Each folder gets an index.html with sizes, dates, checksums, search, the folder's README.md, and lines to copy that
    read it; a Zarr gets one page. A page needs no program at the server. It is what it was when it was made: run the
    command again after a change, and only pages that change are written. MANIFEST.sha256 holds the SHA-256 of all
    objects, each of which is read once for it. A catalogue below URL gets search.html, on which its rows are searched.

    \b
    Examples:
      jsobj bucket public results
      jsobj publish s3://results --title 'Results of 2026' --readme about.md
      jsobj publish s3://results/run42.zarr
      jsobj publish s3://results --remove
    """
    from jsobj.publish.wish import Wish
    from jsobj.store.location import parse_location

    place = parse_location(url)
    if remove:
        if title or readme or depth is not None or manifest is not None or force:
            raise BadUsage("--remove takes all of it away: no other option of a page goes with it")
        _remove(world, place, dry_run=dry_run)
        return
    wish = Wish(title, _text(readme) if readme else None, depth, manifest, force)
    _publish(world, place, wish, dry_run=dry_run)


def _text(path: str) -> bytes:
    from pathlib import Path

    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise JsobjError("file-unreadable", f"{path}: {error.strerror}", code=ExitCode.LOCAL) from error
    if len(data) > _LARGEST:
        raise BadUsage(f"{path} is larger than {exact_size(_LARGEST)}")
    return data


def _publish(world: World, place: Location, wish: Wish, *, dry_run: bool) -> None:
    from jsobj.publish.site import Site, prefix_of
    from jsobj.share.owner import owner_of
    from jsobj.transfer.events import ItemStarted, Tally
    from jsobj.ui.progress import open_progress

    at, tally = same_login(cloud=world.cloud, profile=world.profile), Tally()
    with stores(world, tally=tally) as opened, owner_of(world.settings, place, request_of(world), at=at) as owner:
        site = Site(opened.of(place), prefix_of(place.key), owner.place, wish, at=at)
        site.require()
        if site.untold:
            world.out.warn(site.untold)
        if site.unsearched:
            url = shlex.quote(str(place))
            world.out.note(
                f"The catalogue has no search page yet: jsobj catalog compact {url}{at}, then publish again."
            )
        if dry_run:
            _show_plan(world, site)
            return
        world.will_change_names()
        objects, size = site.total
        tally.found(size, items=objects)
        tally.planned = True

        def counted(line: ManifestLine) -> None:
            if line.read:
                tally.item_done(line.size, verified=True)
            else:
                tally.found(-line.size, items=-1)

        with open_progress(world.out, "auto", tally) as progress:
            progress(ItemStarted(str(place), None))
            done = site.run(tell=counted, moved=tally.moved)
    _show(world, place, done)


def _show_plan(world: World, site: Site) -> None:
    def data(change: Change) -> dict[str, object]:
        return {"action": change.action, "key": change.key, "size": change.size}

    counts = dict.fromkeys(_ACTIONS, 0)

    def changes() -> Iterator[Change]:
        for change in site.plan():
            counts[change.action] += 1
            yield change

    world.out.stream(
        Stream("jsobj.publish-plan/1", changes(), data, lambda change: f"{_ACTIONS[change.action]}  {safe(change.key)}")
    )
    said = f"{counts['write']} page(s) would be written, {counts['keep']} are as they would be"
    world.out.note(f"{said}; nothing was written.")


def _show(world: World, place: Location, done: Publication) -> None:
    from jsobj.publish.content import left_out
    from jsobj.publish.entries import FINDER, PAGE
    from jsobj.publish.site import prefix_of

    for key in done.keys("leave"):
        what = "the catalogue has no search page" if key.rpartition("/")[2] == FINDER else "that folder has no page"
        world.out.warn(f"{key} was left as it is: jsobj has not made it, so {what}")
    manifest = done.manifest
    if manifest is not None:
        for key, reason in manifest.left_out:
            world.out.warn(f"{key} is not in the manifest: {reason}")
        for key in manifest.changed:
            world.out.warn(f"{key} changed while it was read")
        for key in manifest.unproven:
            world.out.warn(f"{key} has no digest that its bytes could be compared with")
    if lacking := left_out():
        world.out.note(lacking)
    data = {
        "bucket": place.bucket,
        "prefix": prefix_of(place.key),
        "urls": done.urls,
        "search": done.search,
        "objects": done.objects,
        "written": list(done.keys("write")),
        "unchanged": len(done.keys("keep")),
        "removed": list(done.keys("remove")),
        "left": list(done.keys("leave")),
        "manifest": manifest
        and {
            "key": manifest.key,
            "objects": manifest.lines,
            "read": manifest.read,
            "read_bytes": manifest.read_size,
            "rewritten": manifest.rewritten,
            "left_out": [{"key": key, "reason": reason} for key, reason in manifest.left_out],
            "changed": list(manifest.changed),
            "unproven": list(manifest.unproven),
        },
    }
    titles = {"s3": "(S3)", "swift": "(Swift)"}
    lines = [(f"Page {titles[dialect]}", url) for dialect, url in done.urls.items()]
    lines += [(f"Search {titles[dialect]}", url) for dialect, url in done.search.items()]
    written, same, gone = (
        sum(key.rpartition("/")[2] == PAGE for key in done.keys(action)) for action in ("write", "keep", "remove")
    )
    removed = f", {gone} removed" if gone else ""
    lines += [("Pages", f"{written} written, {same} unchanged{removed}"), ("Shows", f"{done.objects} object(s)")]
    if manifest is not None:
        read = (
            f"{manifest.read} read now ({exact_size(manifest.read_size)})" if manifest.read else "none had to be read"
        )
        lines.append(("Manifest", f"{manifest.key}: {manifest.lines} object(s), {read}"))
    lines.append(("Proof", "the page was read without credentials, by each URL"))
    world.out.show(Record("jsobj.publish/1", data, lines))


def _remove(world: World, place: Location, *, dry_run: bool) -> None:
    from jsobj.publish.site import own, prefix_of, remove

    prefix = prefix_of(place.key)
    with stores(world) as opened:
        store = opened.of(place)
        if dry_run:
            gone = tuple(own(store, prefix))
        else:
            world.will_change_names()
            gone = remove(store, prefix)
    data = {"bucket": place.bucket, "prefix": prefix, "removed": list(gone), "dry_run": dry_run}
    verb = "Would remove" if dry_run else "Removed"
    lines = [(verb, key) for key in gone] or [(verb, "nothing: there is nothing that publish wrote")]
    world.out.show(Record("jsobj.publish-removed/1", data, lines))
