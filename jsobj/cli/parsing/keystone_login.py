"""From the shared options to a login, for every command that needs one."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import options
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError, LoginRefused
from jsobj.secret import Secret
from jsobj.units import days_left, human_time, iso_time

if TYPE_CHECKING:
    from jsobj.identity.auth_source import AuthSource
    from jsobj.identity.keystone.client import Keystone


_SOON = timedelta(days=3)


def keystone_for(world: World) -> Keystone:
    """Log in to the cloud of the options, the environment or the default."""
    from jsobj.identity.current import current_source
    from jsobj.identity.keystone.client import Keystone

    source = current_source(world.settings, cloud=world.cloud, profile=world.profile)
    show_warnings(world, source)
    warn_of_end(world, source.cloud)
    try:
        return Keystone(source)
    except JsobjError as error:
        raise _with_known_end(world, error, source.cloud) from error


def secret_question(what: str, source: AuthSource, project: str = "") -> str:
    """The question for a secret, with the project, the cloud and Keystone's host: people have several passwords."""
    host = source.auth_url.partition("://")[2].partition("/")[0]
    return (
        what
        + (f" in project {project}" if project else "")
        + (f" of cloud {source.cloud}" if source.cloud else "")
        + f" at {host}"
    )


def show_warnings(world: World, source: AuthSource) -> None:
    """Notices about a login, before it is used; those that are about other tools, once a day."""
    from jsobj.identity.clouds_yaml.read import HIDDEN
    from jsobj.identity.said_today import first_today

    for notice in source.notices:
        if not notice.startswith(HIDDEN) or first_today(world.settings, notice):
            world.out.warn(notice)
    if not source.verify:
        world.out.warn("TLS certificates are not checked for this cloud (verify: false, or OS_INSECURE)")


def warn_of_end(world: World, cloud: str) -> None:
    """Say once a day that the application credential ends soon."""
    from jsobj.identity import ledger
    from jsobj.identity.said_today import first_today

    end = iso_time(ledger.read(world.settings).cloud(cloud).expires) if cloud else None
    if end is None or not world.now() < end <= world.now() + _SOON or world.out.as_json or world.out.quiet:
        return
    if first_today(world.settings, f"end of {cloud}"):
        world.out.warn(
            f"the application credential of cloud '{cloud}' ends in {days_left(end, world.now())} "
            f"({human_time(end)}); with a new one: jsobj login RCFILE --as {shlex.quote(cloud)} --overwrite"
        )


def _with_known_end(world: World, error: JsobjError, cloud: str) -> JsobjError:
    """Keystone refuses a wrong secret and an expired credential alike; the end noted at login tells them apart."""
    from jsobj.identity import ledger

    if not isinstance(error, LoginRefused) or not cloud:
        return error
    end = iso_time(ledger.read(world.settings).cloud(cloud).expires)
    if end is None or end > world.now():
        return error
    return JsobjError(
        "login-expired",
        f"the application credential of cloud '{cloud}' expired on {human_time(end)}",
        code=ExitCode.AUTH,
        context=error.context,
        hint="make a new one in the portal (Identity > Application Credentials), then: "
        f"jsobj login RCFILE --as {cloud} --overwrite",
    )


# The person's own login for this one command.
full_login_options = options(
    click.option("--password-stdin", is_flag=True, help="Full login for this command; password from stdin."),
    click.option("--login-as", metavar="USER", default="", help="Log in as this user for this command only."),
    click.option("--user-domain", metavar="NAME", default="", help="Domain of that user; default: Default."),
)


def keystone_for_keys(world: World, *, password_stdin: bool, login_as: str, user_domain: str) -> Keystone:
    """As :func:`keystone_for`, then as the person where the options ask for it."""
    keystone = keystone_for(world)
    if not password_stdin and not login_as:
        return keystone
    from jsobj.identity.keystone.full_login import log_in_fully

    if password_stdin:
        password = world.secret_from_stdin("password")
    else:
        project = keystone.login.project.name
        question = secret_question(f"OpenStack password of {login_as}", keystone.source, project)
        password = Secret(world.ask(question, option="--password-stdin", secret=True))
    return log_in_fully(keystone, user=login_as, domain=user_domain, password=password)
