"""A login as the person for one command, where an application credential is not enough. Nothing of it is stored."""

from __future__ import annotations

from dataclasses import replace

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.keystone.token import identity_root
from jsobj.secret import Secret

_ONE_TIME = "full login"


def is_one_time(keystone: Keystone) -> bool:
    """Whether this is such a login, and not the one that is stored under its cloud's name."""
    return keystone.source.kind == _ONE_TIME


def log_in_fully(keystone: Keystone, *, user: str, domain: str, password: Secret) -> Keystone:
    """The same project, as ``user`` (default: the same user, known by the token) with a password.

    Raises :class:`JsobjError` (auth, refused). Never another project: that is checked.
    """
    who = {"username": user, "user_domain_name": domain or "Default"} if user else {"user_id": keystone.login.user.id}
    source = replace(
        keystone.source,
        kind=_ONE_TIME,
        where=f"the one-time login of {user or keystone.login.user.name}",
        auth_type="v3password",
        auth={"auth_url": identity_root(keystone.source.auth_url), "project_id": keystone.login.project.id, **who},
        secrets={"password": (password,)},
        origins={"password": "standard input"},
        region=keystone.login.region,
        notices=(),
    )
    full = Keystone(source)
    if full.login.project.id != keystone.login.project.id:
        sentence = f"the full login ended in project {full.login.project.name}, not {keystone.login.project.name}"
        raise JsobjError("other-project", sentence, code=ExitCode.REFUSED)
    return full
