"""Getting a token: directly for the kinds of login that portals hand out, through a keystoneauth plugin for all others.

The direct way is one request of the Identity API v3 (``POST /v3/auth/tokens``), without discovery. The other way loads
keystoneauth and openstacksdk, which know every plugin that is installed (``v3oidc*``, ``v3totp``, ``v3multifactor``,
``v3websso`` ...), and takes longer to import than the direct way takes altogether.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.auth_source import APPLICATION_CREDENTIAL, AuthSource
from jsobj.net.client import HttpClient
from jsobj.net.connection.response_head import WireError
from jsobj.net.dates import clock_offset
from jsobj.secret import Secret

_USER = frozenset({"user_id", "username", "user_domain_id", "user_domain_name"})
_PROJECT = frozenset({"project_id", "project_name", "project_domain_id", "project_domain_name"})
_DIRECT: dict[str, tuple[str, frozenset[str]]] = {
    "password": ("password", _USER | _PROJECT),
    "v3password": ("password", _USER | _PROJECT),
    "token": ("token", _PROJECT),
    "v3token": ("token", _PROJECT),
    APPLICATION_CREDENTIAL: (
        "application_credential_secret",
        _USER | {"application_credential_id", "application_credential_name"},
    ),
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, its body (the value under ``token``), and server time minus local time in seconds, if known."""

    token: Secret
    body: Mapping[str, Any]
    clock_offset: float | None


def identity_root(auth_url: str) -> str:
    """Keystone's v3 root: ``auth_url`` with exactly one ``/v3`` at its end (portals write it with and without)."""
    stripped = auth_url.rstrip("/")
    try:
        path = urlsplit(stripped).path
    except ValueError as error:  # such as https://[::1/v3
        sentence = f"Keystone's address is not usable: {error}"
        hint = "correct auth_url in clouds.yaml, or OS_AUTH_URL"
        raise JsobjError("auth-url-bad", sentence, code=ExitCode.LOCAL, hint=hint) from error
    return stripped if path.endswith("/v3") else f"{stripped}/v3"


def is_direct(source: AuthSource) -> bool:
    """Whether the login is of a kind that needs no plugin, with options that all have a place in the request."""
    kind = _DIRECT.get(source.auth_type)
    if kind is None:
        return False
    secret, options = kind
    plain = {k: v for k, v in source.auth.items() if k != "auth_url"}
    return plain.keys() <= options and all(isinstance(v, str) for v in plain.values()) and secret in source.secrets


def issue(source: AuthSource, secrets: Mapping[str, Secret], client: HttpClient) -> Issued:
    """A new token.

    Raises :class:`JsobjError`: auth (refused), network (unreachable, not a Keystone), local (an option is missing).
    """
    return _direct(source, secrets, client) if is_direct(source) else _by_plugin(source, secrets)


def _direct(source: AuthSource, secrets: Mapping[str, Secret], client: HttpClient) -> Issued:
    from jsobj.identity.keystone.errors import from_reply, from_transport, json_object, not_keystone

    url = f"{identity_root(source.auth_url)}/auth/tokens"
    request = json.dumps({"auth": _request(source, secrets)}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    try:
        reply = client.send("POST", url, headers=headers, body=request)
    except WireError as error:
        raise from_transport(error, source) from error
    if reply.status != 201:
        raise from_reply(reply, source, "log in")
    body = json_object(reply, source).get("token")
    token = reply.headers.get("x-subject-token", "")
    if not isinstance(body, dict) or not token:
        raise not_keystone(source.auth_url)
    return Issued(Secret(token), body, clock_offset(reply.headers))


def _request(source: AuthSource, secrets: Mapping[str, Secret]) -> dict[str, Any]:
    """The value of ``auth``. An application credential's has no scope: Keystone would refuse it with one."""
    auth = {k: str(v) for k, v in source.auth.items()}
    secret_option, _ = _DIRECT[source.auth_type]
    secret = secrets[secret_option].reveal()
    if source.is_application_credential:
        if "application_credential_id" in auth:
            credential: dict[str, Any] = {"id": auth["application_credential_id"], "secret": secret}
        else:
            name = auth.get("application_credential_name", "")
            credential = {"name": name, "secret": secret, "user": _user(auth)}
        return {"identity": {"methods": ["application_credential"], "application_credential": credential}}
    if secret_option == "token":  # noqa: S105 - the option's name
        identity: dict[str, Any] = {"methods": ["token"], "token": {"id": secret}}
    else:
        identity = {"methods": ["password"], "password": {"user": {**_user(auth), "password": secret}}}
    scope = _scope(auth)
    return {"identity": identity, "scope": {"project": scope}} if scope else {"identity": identity}


def _user(auth: Mapping[str, str]) -> dict[str, Any]:
    if "user_id" in auth:
        return {"id": auth["user_id"]}
    return {"name": auth.get("username", ""), "domain": _domain(auth, "user_domain")}


def _scope(auth: Mapping[str, str]) -> dict[str, Any]:
    if "project_id" in auth:  # the id says it all; a name beside it only confuses the request
        return {"id": auth["project_id"]}
    if "project_name" in auth:
        return {"name": auth["project_name"], "domain": _domain(auth, "project_domain")}
    return {}


def _domain(auth: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The domain "default" where none is named: so does the openstack command, and Horizon's files rely on it."""
    if f"{prefix}_id" in auth:
        return {"id": auth[f"{prefix}_id"]}
    return {"name": auth[f"{prefix}_name"]} if f"{prefix}_name" in auth else {"id": "default"}


def _by_plugin(source: AuthSource, secrets: Mapping[str, Secret]) -> Issued:
    from keystoneauth1 import exceptions

    from jsobj.identity.keystone.errors import from_plugin, not_keystone
    from jsobj.identity.keystone.plugins import build_plugin, plugin_session

    plugin = build_plugin(source, secrets)
    try:
        access = plugin.get_access(plugin_session(source))
    except exceptions.ClientException as error:
        raise from_plugin(error, source) from error
    except OSError as error:  # the browser's answer is waited for on a port of this machine
        raise JsobjError("login-port", f"cannot wait for the browser's answer: {error}", code=ExitCode.LOCAL) from error
    body = access._data.get("token") if isinstance(access._data, dict) else None
    if not isinstance(body, dict):
        raise not_keystone(source.auth_url)
    return Issued(Secret(str(access.auth_token)), body, None)
