"""``jsobj whoami``."""

from __future__ import annotations

from dataclasses import replace

from jsobj.cli.frame import command
from jsobj.cli.world import World


@command("whoami")
def whoami(world: World) -> None:
    """Show who you are and where that came from.

    Logs in for real: exit code 0 means that the login works now, 4 that it does not.
    """
    from jsobj.cli.connecting import keystone_for
    from jsobj.cli.login_view import login_record
    from jsobj.identity import ledger
    from jsobj.identity.appcreds import AppCredentials
    from jsobj.identity.awsfiles import read_profile
    from jsobj.identity.current import chosen_profile
    from jsobj.units import parse_keystone_time

    keystone = keystone_for(world)
    source = keystone.source
    known = ledger.read(world.settings).cloud(source.cloud).expires if source.cloud else ""
    expires = AppCredentials(keystone).own_expiry() or parse_keystone_time(known)
    choice = chosen_profile(world.settings, profile=world.profile, cloud=world.cloud)
    profile = read_profile(world.settings.aws, choice.name) if choice.name else None
    extra = {
        "source": {"kind": source.kind, "where": source.where},
        "origins": dict(source.origins),
        "profile": None
        if profile is None
        else {
            "name": profile.name,
            "chosen_by": choice.reason,
            "access": profile.access,
            "endpoint_url": profile.endpoint_url,
            "region": profile.region,
        },
    }
    record = login_record("jsobj.whoami/1", keystone.login, source.cloud, expires, world.now(), extra)
    lines = [
        *record.lines,
        ("AWS profile", f"{profile.name} (by {choice.reason})" if profile else "none: jsobj ec2-creds"),
    ]
    lines += [(f"  {name}", f"from {where}") for name, where in sorted(source.origins.items())]
    world.out.show(replace(record, lines=lines))
