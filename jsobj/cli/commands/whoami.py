"""``jsobj whoami``."""

from __future__ import annotations

from dataclasses import replace

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.keystone_login import keystone_for
from jsobj.cli.parsing.world import World
from jsobj.identity.command_hints import same_login
from jsobj.units import iso_time


@command("whoami")
def whoami(world: World) -> None:
    """Show who you are and where that came from.

    Logs in for real: exit code 0 means that the login works now, 4 that it does not.

    \b
    Examples:
      jsobj whoami
      jsobj whoami --cloud sci --json
    """
    from jsobj.cli.views.login import S3Keys, login_record
    from jsobj.identity import ledger
    from jsobj.identity.aws_files.profile import read_profile
    from jsobj.identity.current import chosen_profile
    from jsobj.identity.keystone.app_credentials import AppCredentials, Expiry
    from jsobj.identity.keystone.key_permission import look_up

    keystone = keystone_for(world)
    source = keystone.source
    expiry = AppCredentials(keystone).expiry()
    if not expiry.known:
        noted = iso_time(ledger.read(world.settings).cloud(source.cloud).expires if source.cloud else "")
        expiry = Expiry(noted, known=noted is not None)
    choice = chosen_profile(world.settings, profile=world.profile, cloud=world.cloud)
    profile = read_profile(world.settings.aws, choice.name) if choice.name else None
    profile_data = profile and {
        "name": profile.name,
        "chosen_by": choice.reason,
        "access": profile.access,
        "endpoint_url": profile.endpoint_url,
        "region": profile.region,
    }
    extra = {
        "source": {"kind": source.kind, "where": source.where},
        "origins": dict(source.origins),
        "profile": profile_data,
    }
    held = profile.name if profile is not None and profile.access else ""
    at = same_login(cloud=world.cloud, profile=world.profile)
    keys = S3Keys(look_up(world.settings, keystone), held, choice.reason, at)
    record = login_record("jsobj.whoami/1", keystone.login, source.cloud, expiry, keys, world.now(), extra)
    origins = [(f"  {name}", f"from {where}") for name, where in sorted(source.origins.items())]
    world.out.show(replace(record, lines=[*record.lines, *origins]))
