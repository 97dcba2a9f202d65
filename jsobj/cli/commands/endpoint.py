"""``jsobj endpoint``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.world import World

if TYPE_CHECKING:
    from jsobj.identity.s3wire import KeyPair
    from jsobj.urls import Origin


@command("endpoint")
@click.argument("url", required=False, metavar="[URL]")
@click.option("--no-probe", is_flag=True, help="Only correct the URL; contact nobody.")
@click.option("--allow-http", is_flag=True, help="Allow plain http to another machine.")
def endpoint(world: World, url: str | None, no_probe: bool, allow_http: bool) -> None:
    """Find, correct and test an S3 endpoint.

    Takes what portals and tutorials show (a Swift URL, a public object's URL, slashes at the end) and gives the origin
    that S3 tools want; then asks the server what it is and how it wants to be spoken to. Without URL the endpoint comes
    from your cloud's catalogue.

    \b
    Example:
      jsobj endpoint https://js2.jetstream-cloud.org:8001/swift/v1
    """
    from jsobj.ec2_keys.probe import identify, probe
    from jsobj.ui.documents import Record
    from jsobj.urls import normalise_endpoint, require_secure

    notices: tuple[str, ...] = ()
    verify: bool | str = world.settings.get("AWS_CA_BUNDLE") or True
    if url is None:
        origin, verify = _from_catalogue(world)
    else:
        found = normalise_endpoint(url)
        origin, notices = found.origin, found.notices
    for notice in notices:
        world.out.note(notice)
    require_secure(origin, allow_http=allow_http, what="endpoint")
    if no_probe:
        data = {"endpoint_url": str(origin), "notices": list(notices), "probed": False}
        world.out.show(Record("jsobj.endpoint/1", data, [("Endpoint", str(origin))]))
        return
    profile = _matching_profile(world, str(origin))
    if profile is None:
        dialect = identify(origin, verify=verify)
    else:
        name, pair = profile
        world.out.detail(f"signing with profile '{name}'")
        dialect = probe(origin, pair, verify=verify)
    signed = dialect.buckets is not None
    data = {
        "endpoint_url": str(origin),
        "notices": list(notices),
        "probed": True,
        "server": dialect.server,
        "version": dialect.version,
        "region": dialect.region if signed or dialect.server == "ceph-rgw" else None,
        "addressing_style": dialect.addressing_style,
        "checksums": dialect.checksums,
        "part_limit": dialect.part_limit,
        "signed_request": signed,
        "owner": dialect.owner or None,
        "request_id": dialect.request_id or None,
    }
    lines = [
        ("Endpoint", str(origin)),
        ("Server", dialect.server_title),
        ("Region to sign with", str(data["region"] or "told only to a signed request: jsobj ec2-creds finds it")),
        ("Addressing", f"{dialect.addressing_style} style"),
        ("Checksums", f"{dialect.checksums} (trailing checksums break older releases)"),
        ("Parts per upload", f"{dialect.part_limit} at most"),
        (
            "Signed request",
            f"works, {dialect.buckets} bucket(s)" if signed else "not tried: no profile for this endpoint",
        ),
    ]
    world.out.show(Record("jsobj.endpoint/1", data, lines))


def _from_catalogue(world: World) -> tuple[Origin, bool | str]:
    from jsobj.cli.parsing.keystone_login import keystone_for
    from jsobj.ec2_keys.setup import verify_of

    keystone = keystone_for(world)
    return keystone.login.s3_origin, verify_of(keystone, world.settings)


def _matching_profile(world: World, endpoint_url: str) -> tuple[str, KeyPair] | None:
    """The chosen profile, or the first that is for this very endpoint, with its key."""
    from jsobj.identity.aws_files.profile import names, read_profile
    from jsobj.identity.current import chosen_profile
    from jsobj.identity.s3wire import KeyPair

    chosen = chosen_profile(world.settings, profile=world.profile, cloud=world.cloud).name
    for name in dict.fromkeys((*([chosen] if chosen else []), *names(world.settings.aws))):
        profile = read_profile(world.settings.aws, name)
        if profile is not None and profile.access and profile.endpoint_url.rstrip("/") == endpoint_url:
            return name, KeyPair(profile.access, profile.secret)
    return None
