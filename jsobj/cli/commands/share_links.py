"""The part of ``jsobj share`` about people without an account: ``--to link``, ``--to upload-link``, ``--for``."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING

from jsobj.cli.parsing.stores import stores
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Record
from jsobj.units import exact_size, human_time, parse_moment, parse_size

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.share.grants.inventory import Grant
    from jsobj.share.links.give import Shared, Span
    from jsobj.store.location import Location
    from jsobj.store.objects import Store

LINKS = ("link", "upload-link")
_USUAL = "7d"


def give_link(world: World, url: str, whom: str, *, expires: str = "", largest: str = "") -> None:
    """``share URL --to link`` or ``--to upload-link``."""
    from jsobj.store.location import parse_location

    place = parse_location(url)
    span = _span(world, expires or _USUAL)
    if whom == "upload-link":
        _give_inbox(world, place, span, parse_size(largest, "--max-size") if largest else 0)
        return
    from jsobj.share.links.give import require_object, share_folder, share_object

    with stores(world) as opened:
        store = opened.of(place)
        if place.many:
            world.will_change_names()
            shared = share_folder(world.settings, store, place.key, span)
        else:
            require_object(store, place.key)
            shared = share_object(world.settings, store, place.key, span)
    _show(world, shared, span, "Page" if place.many else "Link")


def lend_file(world: World, file: str, whom: str, *, lasts: str) -> None:
    """``share FILE --for TIME [--to BUCKET]``."""
    from jsobj.share.links.lent import lend
    from jsobj.store.location import Location, parse_location
    from jsobj.transfer.events import Tally
    from jsobj.ui.progress import open_progress

    span, tally = _span(world, lasts), Tally()
    place = parse_location(whom) if whom else Location("", "")
    if place.dialect == "s3":
        raise _over_swift(whom)
    prefix = f"{place.key}/" if place.key and not place.key.endswith("/") else place.key
    with stores(world, tally=tally) as opened:
        bucket = place.bucket or _own_bucket(world, opened)
        store = opened.of(Location("swift", bucket, prefix))
        world.will_change_names()
        with open_progress(world.out, "auto", tally):
            shared = lend(world.settings, store, prefix, file, span, moved=tally.moved)
    _show(world, shared, span, "Link")


def _own_bucket(world: World, opened: BucketStores) -> str:
    """The bucket for what is lent, made where it is not there; its name is the project's own, also among all."""
    from jsobj.store.location import Location
    from jsobj.store.open import open_account

    name = f"jsobj-lent-{opened.request.keystone(world.settings).login.project.id[:16]}"
    open_account(world.settings, Location("swift", name), opened.request).create(name)
    return name


def _over_swift(typed: str) -> JsobjError:
    place = shlex.quote(typed.partition("://")[2])
    return BadUsage(
        "over S3 no object can be given its own end; lifecycle rules count days, for all below a prefix",
        hint=f"leave s3:// out, with a login: --to {place}",
    )


def _give_inbox(world: World, place: Location, span: Span, largest: int) -> None:
    from jsobj.share.links.inbox import Inbox, share_inbox

    prefix = f"{place.key}/" if place.key and not place.key.endswith("/") else place.key

    def make(store: Store) -> Inbox:
        return share_inbox(world.settings, store, prefix, span, largest=largest)

    with stores(world) as opened:
        world.will_change_names()
        try:
            made = make(opened.of(place))
        except JsobjError as error:
            if error.reference != "no-upload-link" or place.dialect:
                raise
            made = make(_swift_of(opened, place, error))
    grant, size = made.grant, exact_size(made.largest)
    limits = [
        f"up to {size}, by the server" if made.limited else f"up to {size}: the page looks at it, this server cannot",
        "into a new folder, so that nothing there before is replaced",
        "a second file of the same name replaces the first"
        if made.limited
        else "a second file of the same name is refused by a Swift, if the sender asks for it as page and line do",
    ]
    data = {
        "id": grant.id,
        "url": made.link,
        "curl": made.curl,
        "folder": f"{grant.url.partition('://')[0]}://{grant.bucket}/{made.folder}",
        "expires": grant.ends,
        "largest": made.largest,
        "limited_by_server": made.limited,
        "mechanism": grant.mechanism,
    }
    lines = [
        ("Send to", made.link),
        ("Or type", made.curl),
        ("Arrives in", str(data["folder"])),
        ("Until", human_time(span.ends)),
        *(("Allows", each) for each in limits),
    ]
    world.out.show(Record("jsobj.share-upload/1", data, lines))
    _say_end(world, grant.id, _lasting(made.grant))


def _swift_of(opened: BucketStores, place: Location, error: JsobjError) -> Store:
    """The same bucket over the Swift API, where there is a login; else the error of before."""
    from dataclasses import replace

    try:
        return opened.of(replace(place, dialect="swift", bucket=place.bucket.rpartition(":")[2]))
    except JsobjError as none:
        if none.code is ExitCode.AUTH:
            raise error from none
        raise


def _span(world: World, text: str) -> Span:
    from jsobj.identity.current import chosen_cloud
    from jsobj.share.links.give import Span

    now: datetime = world.now().replace(microsecond=0)
    ends = parse_moment(text, now)
    return Span(now, ends, chosen_cloud(world.settings, world.cloud).name)


def _show(world: World, shared: Shared, span: Span, title: str) -> None:
    grant = shared.grant
    data = {
        "id": grant.id,
        "url": shared.link,
        "what": grant.url,
        "expires": grant.ends,
        "mechanism": grant.mechanism,
        "objects": shared.objects,
        "size": shared.size,
    }
    number = f"{shared.objects} object(s), " if grant.details.get("kind") == "folder" else ""
    lines = [
        (title, shared.link),
        ("Leads to", f"{grant.url} ({number}{exact_size(shared.size)})"),
        ("Until", human_time(span.ends)),
        ("Proof", "it was fetched without credentials"),
    ]
    if grant.details.get("kind") == "file":
        lines.insert(3, ("Then", "the server deletes the file"))
    world.out.show(Record("jsobj.share-link/1", data, lines))
    _say_end(world, grant.id, _lasting(grant))


def _lasting(grant: Grant) -> str:
    from jsobj.share.links.record import lasting
    from jsobj.share.links.ways import OBJECT

    return "to end it before, delete the file" if grant.mechanism == OBJECT else lasting(grant)


def _say_end(world: World, id: str, lasting: str) -> None:
    at = same_login(cloud=world.cloud, profile=world.profile)
    world.out.note(f"Whoever has the link can use it: treat it like a password. {lasting[0].upper()}{lasting[1:]}.")
    world.out.note(f"To end it: jsobj unshare {id}{at}")
