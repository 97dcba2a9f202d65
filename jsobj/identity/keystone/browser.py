"""Login through the browser, for clouds with federated identity (ACCESS, eduGAIN ...).

keystoneauth's ``v3websso`` plugin (part of it since 5.18, before that in keystoneauth-websso) opens the browser and
receives an unscoped token on a port of this machine. What is stored of such a login is its token: every command would
open the browser again otherwise. It ends with the token, some hours later at most.
"""

from __future__ import annotations

from dataclasses import replace

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.auth_source import AuthSource
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.keystone.token import identity_root

_PROJECT = ("project_id", "project_name", "project_domain_id", "project_domain_name")


def browser_source(base: AuthSource, *, provider: str, protocol: str, project_id: str = "") -> AuthSource:
    """The same Keystone and project as ``base``, but logging in through the browser.

    Raises :class:`JsobjError` (usage) where the identity provider or the project is not known.
    """
    known_provider = provider or str(base.auth.get("identity_provider", ""))
    if not known_provider:
        sentence = "a login through the browser needs the identity provider's name, as Keystone has it"
        hint = "add --identity-provider NAME; your cloud's help desk or its RC file (OS_IDENTITY_PROVIDER) tells it"
        raise JsobjError("browser-needs-provider", sentence, code=ExitCode.USAGE, hint=hint)
    project = {"project_id": project_id} if project_id else {k: base.auth[k] for k in _PROJECT if k in base.auth}
    if not project:
        sentence = "a login through the browser needs a project"
        hint = "use the password RC file (API Access > OpenStack RC File), or --cloud NAME of a login you have"
        raise JsobjError("browser-needs-project", sentence, code=ExitCode.USAGE, hint=hint)
    auth = {
        "auth_url": identity_root(base.auth_url),
        "identity_provider": known_provider,
        "protocol": protocol or str(base.auth.get("protocol", "openid")),
        **project,
    }
    return replace(base, auth_type="v3websso", auth=auth, secrets={}, notices=())


def as_token_source(keystone: Keystone) -> AuthSource:
    """What is stored of a login that cannot be repeated without a person: its token, for its project."""
    auth = {"auth_url": identity_root(keystone.source.auth_url), "project_id": keystone.login.project.id}
    source = replace(keystone.source, auth_type="v3token", auth=auth, secrets={})
    return source.with_secret("token", keystone.token, "the browser")
