"""``jsobj ec2-creds process``: what ``credential_process`` in ``~/.aws/config`` runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.keystone_login import keystone_for
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.net.sigv4 import KeyPair


@command("process")
def process(world: World) -> None:
    """Give the key to an SDK that asks (credential_process).

    With --cloud the key of that login's project comes from Keystone, and no file of this machine need hold it; else it
    is that of the profile. The secret is on standard output: this is for programs.

    \b
    Example, a line in ~/.aws/config:
      credential_process = jsobj ec2-creds process --cloud js2
    """
    pair = _from_keystone(world) if world.cloud else _from_profile(world)
    # The document is the SDKs' own (AWS, "Sourcing credentials with an external process"), hence without our schema.
    document = {"Version": 1, "AccessKeyId": pair.access, "SecretAccessKey": pair.secret.reveal()}
    world.out.write_bytes(json.dumps(document).encode() + b"\n")


def _from_profile(world: World) -> KeyPair:
    from jsobj.identity.aws_files.profile import read_profile
    from jsobj.identity.current import chosen_profile
    from jsobj.net.sigv4 import KeyPair

    # Not from AWS_* variables: an SDK with those does not call this, and they may be left over from one.
    name = chosen_profile(world.settings, profile=world.profile).name
    found = read_profile(world.settings.aws, name) if name else None
    if found is None or not found.access or not found.secret:
        raise JsobjError(
            "profile-without-key",
            f"profile '{name}' holds no key" if name else "no profile is named, and none is the default",
            code=ExitCode.AUTH,
            hint="name one that does, or a login: --profile NAME, --cloud NAME",
        )
    return KeyPair(found.access, found.secret)


def _from_keystone(world: World) -> KeyPair:
    from jsobj.ec2_keys.choose_key import obtain
    from jsobj.net.sigv4 import KeyPair

    obtained = obtain(keystone_for(world), world.settings, profile="", held="", new=False, may_replace=True)
    return KeyPair(obtained.key.access, obtained.key.secret)
