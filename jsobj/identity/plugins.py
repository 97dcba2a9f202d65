"""From an :class:`AuthSource` to a keystoneauth plugin.

The kinds of login that portals hand out are built directly (a token in one request, no discovery); every other plugin
that is installed (``v3oidc*``, ``v3totp``, ``v3multifactor``, ``v3websso`` ...) is built by openstacksdk, which knows
their options.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.sources import AuthSource
from jsobj.secret import Secret

_PASSWORD_TYPES = frozenset({"password", "v3password"})
_PASSWORD_OPTIONS = frozenset(
    {
        "auth_url",
        "user_id",
        "username",
        "user_domain_id",
        "user_domain_name",
        "project_id",
        "project_name",
        "project_domain_id",
        "project_domain_name",
        "trust_id",
        "domain_id",
        "domain_name",
        "system_scope",
    }
)
_EXTRA = {"v3websso": "jsobj[browser]"}


def build_plugin(source: AuthSource, secrets: Mapping[str, Secret]) -> Any:
    """The plugin, loaded with these secrets.

    Raises :class:`JsobjError` (local): the auth type is not installed, or an option is missing or unknown to it.
    """
    plain = {k: v for k, v in source.auth.items() if isinstance(v, str)}
    shown = {k: s.reveal() for k, s in secrets.items()}
    if source.is_application_credential:
        return _application_credential(plain, shown)
    direct = urlsplit(source.auth_url).path.rstrip("/").endswith("/v3") and plain == dict(source.auth)
    if source.auth_type in _PASSWORD_TYPES and direct and plain.keys() <= _PASSWORD_OPTIONS:
        return _password(plain, shown)
    return _loaded(source, shown)


def _application_credential(auth: Mapping[str, str], secrets: Mapping[str, str]) -> Any:
    from keystoneauth1.identity import v3

    from jsobj.identity.keystone import identity_root

    options = {k: v for k, v in auth.items() if k != "auth_url"}
    if "username" in options and not options.keys() & {"user_domain_id", "user_domain_name"}:
        options["user_domain_id"] = "default"
    return v3.ApplicationCredential(identity_root(auth["auth_url"]), **secrets, **options)


def _password(auth: Mapping[str, str], secrets: Mapping[str, str]) -> Any:
    """With the domain "default" where none is named: so does the openstack command, and Horizon's files rely on it."""
    from keystoneauth1.identity import v3

    options = {k: v for k, v in auth.items() if k != "auth_url"}
    if "user_id" not in options and not options.keys() & {"user_domain_id", "user_domain_name"}:
        options["user_domain_id"] = "default"
    if "project_name" in options and not options.keys() & {"project_id", "project_domain_id", "project_domain_name"}:
        options["project_domain_id"] = "default"
    if "project_id" in options:  # the id says it all; a name beside it only confuses the request
        for name in ("project_name", "project_domain_id", "project_domain_name"):
            options.pop(name, None)
    return v3.Password(auth["auth_url"].rstrip("/"), password=secrets.get("password", ""), **options)


def _loaded(source: AuthSource, secrets: Mapping[str, str]) -> Any:
    from keystoneauth1 import exceptions as auth_exceptions
    from openstack import exceptions as sdk_exceptions
    from openstack.config import OpenStackConfig

    auth = {**source.auth, **secrets}
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


def _unusable(source: AuthSource, error: Exception) -> JsobjError:
    extra = _EXTRA.get(source.auth_type)
    hint = f"pip install '{extra}'" if extra else "install the keystoneauth plugin of that name, or correct the file"
    return JsobjError(
        "auth-type-unusable",
        f"{source.where}: cannot log in with auth type '{source.auth_type}'",
        code=ExitCode.LOCAL,
        context=str(error),
        hint=hint,
    )
