"""From the shared options to a login, for every command that needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jsobj.cli.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsobj.identity.keystone import Keystone


def keystone_for(world: World) -> Keystone:
    """Log in to the cloud that the options, the environment or the default mean."""
    from jsobj.identity.current import current_source
    from jsobj.identity.keystone import Keystone

    source = current_source(world.settings, cloud=world.cloud)
    for notice in source.notices:
        world.out.warn(notice)
    if not source.verify:
        world.out.warn("TLS certificates are not checked for this cloud (verify: false, or OS_INSECURE)")
    return Keystone(source)


def full_login_options(function: Callable[..., None]) -> Callable[..., None]:
    """``--password-stdin``, ``--login-as``, ``--user-domain``: the person's own login for this one command."""
    for option in (
        click.option("--user-domain", metavar="NAME", default="", help="Domain of that user; default: Default."),
        click.option("--login-as", metavar="USER", default="", help="Log in as this user for this command only."),
        click.option("--password-stdin", is_flag=True, help="Full login for this command; password from stdin."),
    ):
        function = option(function)
    return function


def keystone_for_keys(world: World, *, password_stdin: bool, login_as: str, user_domain: str) -> Keystone:
    """As :func:`keystone_for`, then as the person where the options ask for it."""
    keystone = keystone_for(world)
    if not password_stdin and not login_as:
        return keystone
    from jsobj.identity.fulllogin import log_in_fully
    from jsobj.secret import Secret

    if password_stdin:
        password = world.secret_from_stdin("password")
    else:
        password = Secret(world.ask(f"OpenStack password of {login_as}", option="--password-stdin", secret=True))
    return log_in_fully(keystone, user=login_as, domain=user_domain, password=password)
