"""``jsobj bucket public`` and ``jsobj bucket private``: reading without a login, given and taken back."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import request_of, stores
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsobj.share.owner import Owner
    from jsobj.share.proof import AnonymousView
    from jsobj.share.public import PublicAccess


@command("public")
@click.argument("place", metavar="BUCKET[/PREFIX]", shell_complete=complete_places)
@click.option("--list/--no-list", "listed", default=True, help="Whether names may be listed, too.", show_default=True)
def public(world: World, place: str, listed: bool) -> None:
    """Let everybody read a bucket, or what is below a prefix.

    The server's own mechanism is used: a bucket policy on Ceph, a read ACL on Swift, which has it for whole containers
    only; containers of segments are opened with it. Afterwards an object is fetched without credentials; where that
    fails, the setting is put back. Readers of Zarr want the list: without it, an object that is missing looks like one
    that is forbidden.

    \b
    Examples:
      jsobj bucket public my-results
      jsobj bucket public s3://my-results/run42.zarr/
    """
    from jsobj.share.public import make_public

    with _owner(world, place) as (owner, target):
        if target.prefix and not target.sample:
            raise BadUsage(f"there is nothing below '{target.prefix}' in {owner.bucket} that could be read")
        if not listed and not target.sample:
            raise BadUsage(
                f"{owner.bucket} is empty, so that it could not be proven what others read: put something in it"
            )
        found = make_public(owner, target.prefix, listed=listed, sample=target.sample)
    if not listed and any(view.listing == 200 for view in found.views):
        world.out.warn(
            "names may be listed all the same, by what was allowed before: jsobj bucket private takes it back"
        )
    if found.closed:
        world.out.warn(f"large objects whose segments lie in {', '.join(found.closed)} stay closed to others")
    _show(world, found, target)


@command("private")
@click.argument("place", metavar="BUCKET[/PREFIX]", shell_complete=complete_places)
def private(world: World, place: str) -> None:
    """Take back what everybody may do.

    What named projects and users may do stays. Afterwards it is tried without credentials, and must be refused.

    \b
    Examples:
      jsobj bucket private my-results
      jsobj bucket private s3://my-results/run42.zarr/
    """
    from jsobj.share.public import make_private

    with _owner(world, place) as (owner, target):
        found = make_private(owner, target.prefix, sample=target.sample)
    if found.unseen:
        world.out.warn(f"read ACLs were not looked at, segments of large objects may still be open: {found.unseen}")
    _show(world, found, target)


@dataclass(frozen=True, slots=True)
class _Target:
    """What is meant. ``prefix`` ends in a slash, "" for all; ``sample``: an object there; ``kind``: of a snippet."""

    prefix: str
    sample: str
    kind: str


@contextmanager
def _owner(world: World, typed: str) -> Iterator[tuple[Owner, _Target]]:
    """Who may change the bucket, and what is there."""
    from jsobj.export.snippets.kinds import look
    from jsobj.share.owner import owner_of
    from jsobj.share.proof import sample_of
    from jsobj.store.location import parse_location

    location, at = parse_location(typed), same_login(cloud=world.cloud, profile=world.profile)
    key = location.key
    prefix = f"{key}/" if key and not key.endswith("/") else key
    with stores(world) as opened:
        store = opened.of(location)
        seen = look(store, key)
        target = _Target(prefix, sample_of(store, prefix), seen.kind)
    if seen.object:
        raise BadUsage(
            f"'{key}' is one object, and a bucket or a folder is opened as a whole",
            hint=f"hand out a link to it: jsobj presign {shlex.quote(typed)}{at}",
        )
    with owner_of(world.settings, location, request_of(world), at=at) as owner:
        yield owner, target


def _show(world: World, found: PublicAccess, target: _Target) -> None:
    is_public, listed = any(view.reads for view in found.views), any(view.listing == 200 for view in found.views)
    readable = [view for view in found.views if view.reads and view.object in {200, None}]
    asked = [
        {"url": view.url, "key": target.sample or None, "object": view.object, "list": view.listing}
        for view in found.views
    ]
    urls = {view.dialect: view.of(found.prefix) for view in readable}
    line = _python_line(readable[0], target) if readable else ""
    data = {
        "bucket": found.bucket,
        "prefix": found.prefix,
        "public": is_public,
        "listed": listed,
        "mechanism": found.mechanism or None,
        "urls": urls,
        "proof": asked,
        "taken_away": list(found.taken),
        "closed": list(found.closed),
        "opened": list(found.opened),
        "python": line or None,
    }
    tried, titles = target.sample or "the list", {"s3": "S3 URL", "swift": "Swift URL"}
    lines = [("Folder", f"{found.bucket}/{found.prefix}") if found.prefix else ("Bucket", found.bucket)]
    if is_public:
        lines.append(("Everybody may", "read and list" if listed else "read, not list"))
        lines += [(titles[dialect], url) for dialect, url in urls.items()]
        lines.append(("Proof", f"{tried} was read without credentials, by each URL"))
        lines += [("Opened too", f"{each} (segments of large objects)") for each in found.opened]
        lines += [("Python", line)] if line else []
    else:
        lines.append(("Everybody may", "nothing"))
        lines += [("Taken away", each) for each in found.taken] or [("Taken away", "nothing: it was not public")]
        lines.append(("Proof", f"{tried} was refused without credentials, by each URL"))
    world.out.show(Record("jsobj.bucket-public/1", data, lines))


def _python_line(view: AnonymousView, target: _Target) -> str:
    """A line that reads what is there without credentials; "" where nothing is there."""
    if target.kind == "zarr":
        return f"xarray.open_zarr({view.of(target.prefix.rstrip('/'))!r})"
    return f"fsspec.open({view.of(target.sample)!r}).open().read()" if target.sample else ""
