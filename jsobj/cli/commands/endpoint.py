"""``jsobj endpoint``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.keystone_login import keystone_for
from jsobj.cli.parsing.world import World
from jsobj.ui.documents import Record

if TYPE_CHECKING:
    from jsobj.ec2_keys.probe import S3Server
    from jsobj.net.sigv4 import KeyPair
    from jsobj.urls import Origin


@command("endpoint")
@click.argument("url", required=False, metavar="[URL]")
@click.option("--no-probe", is_flag=True, help="Only correct the URL; send no request.")
def endpoint(world: World, url: str | None, no_probe: bool) -> None:
    """Find, correct and test an S3 endpoint.

    Takes what portals and tutorials show (a Swift URL, a public object's URL, slashes at the end) and gives the origin
    that S3 tools want; then asks the server what it is and how it wants to be spoken to. Without URL the endpoint comes
    from your cloud's catalogue.

    \b
    Example:
      jsobj endpoint https://js2.jetstream-cloud.org:8001/swift/v1
    """
    from jsobj.identity.keystone.client import verify_of
    from jsobj.urls import Normalised, normalise_endpoint, require_secure

    if url is None:
        keystone = keystone_for(world)
        found, verify = Normalised(keystone.login.s3_origin), verify_of(keystone, world.settings)
    else:
        found, verify = normalise_endpoint(url), world.settings.get("AWS_CA_BUNDLE") or True
    for notice in found.notices:
        world.out.note(notice)
    require_secure(found.origin, world.settings.environ, "endpoint")
    origin = str(found.origin)
    data: dict[str, object] = {"endpoint_url": origin, "notices": list(found.notices), "probed": not no_probe}
    lines = [("Endpoint", origin)]
    if not no_probe:
        more, more_lines = _described(_probed(world, found.origin, verify))
        data |= more
        lines += more_lines
    world.out.show(Record("jsobj.endpoint/1", data, lines))


def _probed(world: World, origin: Origin, verify: bool | str) -> S3Server:
    """What the server is; asked with the key of a profile for this endpoint, if there is one."""
    from jsobj.ec2_keys.probe import identify, probe

    profile = _matching_profile(world, str(origin))
    if profile is None:
        return identify(origin, verify=verify)
    name, pair = profile
    world.out.detail(f"signing with profile '{name}'")
    return probe(origin, pair, verify=verify)


def _described(server: S3Server) -> tuple[dict[str, object], list[tuple[str, str]]]:
    signed = server.buckets is not None
    outcome = f"works, {server.buckets} bucket(s)" if signed else "not tried: no profile for this endpoint"
    region = server.region if signed or server.server == "ceph-rgw" else None
    data: dict[str, object] = {
        "server": server.server,
        "version": server.version,
        "region": region,
        "addressing_style": server.addressing_style,
        "checksums": server.checksums,
        "part_limit": server.part_limit,
        "signed_request": signed,
        "owner": server.owner or None,
        "request_id": server.request_id or None,
    }
    lines = [
        ("Server", server.server_title),
        ("Region to sign with", region or "known only to a signed request: jsobj ec2-creds finds it"),
        ("Addressing", f"{server.addressing_style} style"),
        ("Checksums", f"{server.checksums} (trailing checksums break older releases)"),
        ("Parts per upload", f"{server.part_limit} at most"),
        ("Signed request", outcome),
    ]
    return data, lines


def _matching_profile(world: World, endpoint_url: str) -> tuple[str, KeyPair] | None:
    """The chosen profile, or the first with this very endpoint, with its key."""
    from jsobj.identity.aws_files.profile import names, read_profile
    from jsobj.identity.current import chosen_profile
    from jsobj.net.sigv4 import KeyPair

    chosen = chosen_profile(world.settings, profile=world.profile, cloud=world.cloud).name
    for name in dict.fromkeys((*([chosen] if chosen else []), *names(world.settings.aws))):
        profile = read_profile(world.settings.aws, name)
        if profile is not None and profile.access and profile.endpoint_url.rstrip("/") == endpoint_url:
            return name, KeyPair(profile.access, profile.secret)
    return None
