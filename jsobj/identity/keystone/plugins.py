"""From an :class:`AuthSource` to a keystoneauth plugin.

The kinds of login that portals hand out are built directly (a token in one request, no discovery); every other plugin
that is installed (``v3oidc*``, ``v3totp``, ``v3multifactor``, ``v3websso`` ...) is built by openstacksdk, which knows
their options.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.auth_source import AuthSource
from jsobj.identity.settings import process_environment
from jsobj.net.connection.proxy import tunnel_for
from jsobj.net.connection.watched import watch_requests
from jsobj.secret import Secret
from jsobj.urls import parse_url

_EXTRA = {"v3websso": "jsobj[browser]"}


def build_plugin(source: AuthSource, secrets: Mapping[str, Secret]) -> Any:
    """The plugin, loaded with these secrets.

    Raises :class:`JsobjError` (local): the auth type is not installed, or an option is missing or unknown to it.
    """
    from keystoneauth1 import exceptions as auth_exceptions
    from openstack import exceptions as sdk_exceptions
    from openstack.config import OpenStackConfig

    auth: dict[str, Any] = {**source.auth, **{option: secret.reveal() for option, secret in secrets.items()}}
    if source.auth_type == "password":
        auth.setdefault("default_domain_id", "default")
    methods = auth.pop("auth_methods", None)
    loader = OpenStackConfig(load_yaml_config=False, load_envvars=False)
    try:
        region = loader.get_one(
            load_yaml_config=False,
            load_envvars=False,
            auth_type=source.auth_type,
            auth=auth,
            **({"auth_methods": methods} if methods else {}),
        )
    except (auth_exceptions.ClientException, sdk_exceptions.ConfigException) as error:
        raise _unusable(source, error) from error
    return region._auth


def plugin_session(source: AuthSource) -> Any:
    """The keystoneauth session that a plugin speaks through: proxies and certificates as for all other requests."""
    import requests
    from keystoneauth1.session import Session

    environ = process_environment()

    class OurRules(requests.Session):
        def merge_environment_settings(self, url: Any, *given: Any) -> Any:
            merged = super().merge_environment_settings(url, *given)
            origin, _ = parse_url(url.partition("?")[0])
            proxy = tunnel_for(environ, origin)
            return {**merged, "proxies": {origin.scheme: proxy} if proxy else {}}

    session = OurRules()
    watch_requests(session)
    session.trust_env = False  # no other rule for proxies, no other authorities, and no ~/.netrc
    return Session(session=session, verify=source.tls, timeout=30, redirect=False, app_name="jsobj")


def _unusable(source: AuthSource, error: Exception) -> JsobjError:
    extra = _EXTRA.get(source.auth_type)
    hint = f"pip install '{extra}'" if extra else "install the keystoneauth plugin of that name, or correct the file"
    sentence = f"{source.where}: cannot log in with auth type '{source.auth_type}'"
    return JsobjError("auth-type-unusable", sentence, code=ExitCode.LOCAL, context=str(error), hint=hint)
