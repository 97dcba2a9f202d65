"""``jsobj share``: a place given to a project, to a person, or to whoever has a link. One branch for each kind."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.keystone_login import keystone_for
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import request_of, stores
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Record
from jsobj.units import human_time, iso_time, parse_moment, utc_time

if TYPE_CHECKING:
    from jsobj.share.grants.give import Given
    from jsobj.share.grants.inventory import Grant
    from jsobj.share.grants.ticket import Ticket
    from jsobj.share.owner import Owner
    from jsobj.store.location import Location

group = Group(
    "share",
    {
        "give": Entry("share:give", "Let a project, a person, or whoever has a link read or write (the default)."),
        "accept": Entry("share_accept:accept", "Open what a ticket names, and remember it."),
    },
    help="Let somebody else read or write.\n\nA bucket, what is below a prefix, or one object. Without a command: "
    "give, as in jsobj share s3://results/run42/ --to PROJECT. To people without an account: --to link, --to "
    "upload-link, or a file with --for. What was given is in 'jsobj shares'; 'jsobj unshare' "
    "takes it back.",
    default="give",
    takes_words=True,
)


@command("give")
@click.argument("url", metavar="URL|FILE", shell_complete=complete_places)
@click.option("--to", "whom", metavar="WHO", default="", help="PROJECT, PROJECT:USER, link, or upload-link.")
@click.option("--read", "access", flag_value="read", default=True, help="They may read and list (the default).")
@click.option("--write", "access", flag_value="write", help="They may read, list, write and delete.")
@click.option("--expires", metavar="TIME", default="", help="Length (12h, 7d) or date; default: none, of links 7d.")
@click.option("--for", "lasts", metavar="TIME", default="", help="Send a FILE, link to it, and have it deleted then.")
@click.option("--max-size", "largest", metavar="SIZE", default="", help="Of --to upload-link: the largest file.")
def give(world: World, url: str, whom: str, access: str, expires: str, lasts: str, largest: str) -> None:
    """Let a project, a person, or whoever has a link read or write.

    WHO is a project, or PROJECT:USER for one person in it; ids are what 'jsobj whoami' prints on the other side. The
    server's own mechanism is used: on Ceph with S3 keys a bucket policy, for a prefix too, whose end the server itself
    enforces; on Swift, and on Ceph for one person, an access control list, for whole containers, which ends with
    'jsobj shares --prune'. What was there already stays. Then a ticket is printed for the other side: no secret is in
    it.

    To people without an account: --to link prints a link to an object, or to a page that lists a folder; --to
    upload-link one to a form that sends files into a new folder; FILE --for TIME sends a file, over the Swift API, that
    the server deletes at its end (--to BUCKET chooses where). Such a link works for whoever has it. It is shown once,
    and each is tried without a login before.

    \b
    Examples:
      jsobj share s3://results/run42/ --to PROJECT --expires 30d
      jsobj share swift://results --to PROJECT:USER --write
      jsobj share s3://results/run42.nc --to link --expires 2d
      jsobj share s3://inbox/ --to upload-link --max-size 2GB
      jsobj share plot.png --for 2d
    """
    from jsobj.cli.commands.share_links import LINKS, give_link, lend_file

    linked = whom in LINKS
    if linked and access == "write":
        raise BadUsage("a link to read does not write", hint="let strangers send files: --to upload-link")
    if largest and whom != "upload-link":
        raise BadUsage("--max-size is for --to upload-link")
    if lasts:
        if linked or expires:
            raise BadUsage("--for sends a file and links to it until then: it goes without --expires and --to link")
        lend_file(world, url, whom, lasts=lasts)
    elif linked:
        give_link(world, url, whom, expires=expires, largest=largest)
    elif whom:
        _to_project(world, url, whom, writes=access == "write", expires=expires)
    else:
        raise BadUsage("--to is missing: who is to read it", hint="name a project, or write --to link")


def _to_project(world: World, url: str, typed: str, *, writes: bool, expires: str) -> None:
    from jsobj.share.grants.give import Wish
    from jsobj.share.grants.give import give as give_to
    from jsobj.share.grants.ticket import written
    from jsobj.share.grants.whom import parse_whom
    from jsobj.share.owner import owner_of
    from jsobj.store.location import parse_location

    location, at = parse_location(url), same_login(cloud=world.cloud, profile=world.profile)
    now = world.now()
    ends = utc_time(parse_moment(expires, now)) if expires else ""
    whom = parse_whom(typed, lambda: keystone_for(world))
    key = place_key(world, location, url)
    with owner_of(world.settings, location, request_of(world), at=at) as owner:
        wish = Wish(
            key,
            whom,
            writes,
            f"{location.dialect or 's3'}://{location.bucket}/{key}",
            utc_time(now),
            ends,
            *_login(owner, world),
        )
        given = give_to(owner, wish, world.settings)
        ticket = written(_ticket(owner, given.grant))
    _show(world, given, ticket)


def place_key(world: World, location: Location, typed: str) -> str:
    """The object or prefix (with a slash at its end) that is meant. Raises usage where there is nothing."""
    from jsobj.export.snippets.kinds import look
    from jsobj.store.location import head_or_none

    key = location.key
    with stores(world) as opened:
        store = opened.of(location)
        if key and not location.many and head_or_none(store, key) is not None:
            return key  # also where a folder has the same name
        seen = look(store, key)
    if location.many:
        return key
    if not seen.sample:
        raise BadUsage(f"there is nothing at {typed}", hint=f"a folder to come ends in a slash: {shlex.quote(typed)}/")
    return f"{key}/"


def _login(owner: Owner, world: World) -> tuple[str, str]:
    """Cloud and profile by which the grant is looked at later, whatever the default is then."""
    cloud = owner.acls.cloud if owner.acls is not None else world.cloud
    return cloud, owner.policies.access.profile if owner.policies is not None else world.profile


def _ticket(owner: Owner, grant: Grant) -> Ticket:
    from jsobj.share.grants.ticket import Ticket

    giver = f"{owner.acls.user.name} of project {owner.acls.project.name}" if owner.acls is not None else ""
    tenants = owner.tenants
    return Ticket(
        id=grant.id,
        server=grant.server,
        project=grant.project,
        bucket=grant.bucket,
        key=grant.key,
        access=grant.access,
        ends=grant.ends,
        mechanism=grant.mechanism,
        giver=giver,
        for_project=grant.details["project"],
        for_user=grant.details["user"],
        tenants="" if tenants is None else "yes" if tenants else "no",
        swift="yes" if owner.server == "swift" else "",
    )


def may(access: str) -> str:
    """What an access is, in words."""
    return "read, list, write and delete" if access == "write" else "read and list"


def _show(world: World, given: Given, ticket: str) -> None:
    grant = given.grant
    end = iso_time(grant.ends)
    data = {
        **grant_data(grant),
        "enforced": given.enforced if grant.ends else None,
        "opened": list(given.opened),
        "closed": list(given.closed),
        "ticket": ticket,
    }
    how = "bucket policy" if grant.mechanism == "policy" else "access control list"
    lines = [
        ("Share", grant.id),
        ("Place", grant.url),
        ("To", grant.whom),
        ("May", may(grant.access)),
        (
            "Ends",
            f"{human_time(end)}, by the server's clock"
            if end and given.enforced
            else human_time(end)
            if end
            else "never",
        ),
        ("Set and read back", how),
        *(("Opened too", f"{each} (segments of large objects)") for each in given.opened),
        ("Ticket", ticket),
    ]
    world.out.show(Record("jsobj.share/1", data, lines))
    _warn(world, given)
    world.out.note(
        "Whether it opens is proven on the other side: send them the ticket, they type: jsobj share accept TICKET"
    )


def _warn(world: World, given: Given) -> None:
    """What the mechanism cannot do."""
    grant = given.grant
    if grant.ends and not given.enforced:
        what = "this" if grant.mechanism == "acl" else f"what was opened in {', '.join(given.opened)}"
        world.out.warn(
            f"the server does not end {what} by itself: jsobj shares --prune does, and jsobj shares --print-timer "
            "prints what runs it every hour"
        )
    if given.closed:
        world.out.warn(
            f"large objects whose segments lie in {', '.join(given.closed)} stay closed to them: those containers are "
            "opened only with all of a bucket, and with a login"
        )
    if grant.details["user"]:
        world.out.warn(
            "one person is reached over the Swift API only, by the token of a login (jsobj does it by itself)"
        )
    if given.theirs:
        world.out.warn("what they write belongs to their project: they can read it also when the share has ended")


def grant_data(grant: Grant) -> dict[str, object]:
    """A grant as JSON."""
    return {
        "id": grant.id,
        "url": grant.url,
        "bucket": grant.bucket,
        "key": grant.key,
        "to": grant.whom,
        "access": grant.access,
        "mechanism": grant.mechanism,
        "made": grant.made or None,
        "ends": grant.ends or None,
        "server": grant.server,
        "project": grant.project or None,
        "cloud": grant.cloud or None,
        "profile": grant.profile or None,
    }
