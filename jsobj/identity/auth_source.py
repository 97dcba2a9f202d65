"""Where a login comes from: one frozen :class:`AuthSource`, whatever the user had in hand.

RC files and ``OS_*`` variables say the same things in capitals that clouds.yaml says in small letters. This file turns
the former into the latter, remembers which file and line (or variable) every value came from, and keeps what belongs to
another kind of login out: a leftover ``OS_PROJECT_NAME`` beside an application credential is the famous 401
"Application credentials cannot request a scope".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError, LoginIncomplete
from jsobj.secret import Secret

if TYPE_CHECKING:  # reading RC files is for login; every command looks at where its login comes from
    from jsobj.identity.rc.file import RcFile

APPLICATION_CREDENTIAL = "v3applicationcredential"
SECRET_OPTIONS = frozenset(
    {"password", "application_credential_secret", "token", "passcode", "client_secret", "access_token", "trust_secret"}
)

# Variables that describe the connection and not the person; the rest after OS_ are options of the auth plugin.
_CONNECTION = {
    "OS_REGION_NAME": "region",
    "OS_INTERFACE": "interface",
    "OS_ENDPOINT_TYPE": "interface",
    "OS_CACERT": "cacert",
}
_NOT_OPTIONS = frozenset(
    {
        "OS_AUTH_TYPE",
        "OS_AUTH_PLUGIN",
        "OS_IDENTITY_API_VERSION",
        "OS_INSECURE",
        "OS_CLOUD",
        "OS_CLOUD_NAME",
        "OS_CLIENT_CONFIG_FILE",
        "OS_CLIENT_SECURE_FILE",
    }
)
_SPELLINGS = {
    "tenant_name": "project_name",
    "tenant_id": "project_id",
    "user_name": "username",
    "v3applicationcredential_id": "application_credential_id",
}
# Variables that say who logs in; without any of them, what is there (a region, a CA) describes no login.
_WHO = (
    *("OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_NAME", "OS_APPLICATION_CREDENTIAL_SECRET"),
    *("OS_USERNAME", "OS_USER_ID", "OS_PASSWORD"),
)
_CREDENTIAL_IDENTITY = ("application_credential_id", "application_credential_name")
_USER_OF_NAMED_CREDENTIAL = ("user_id", "username", "user_domain_id", "user_domain_name")


@dataclass(frozen=True, slots=True)
class AuthSource:
    """Everything needed to authenticate, and where it came from.

    ``auth`` holds options of the keystoneauth plugin ``auth_type``; ``secrets`` the secret ones, each with the values
    to try in turn (more than one only where Horizon's quoting left a doubt); ``origins`` says of every option where it
    was read. ``cacert`` is the login's own file of certificate authorities, ``ca_bundle`` the environment's (never
    stored); ``verify`` False means that TLS certificates are not checked, which is warned of at each use.
    """

    kind: str
    where: str
    auth_type: str
    auth: Mapping[str, object]
    secrets: Mapping[str, tuple[Secret, ...]]
    origins: Mapping[str, str]
    region: str = ""
    interface: str = "public"
    cacert: str = ""
    verify: bool = True
    ca_bundle: str = ""
    cloud: str = ""
    notices: tuple[str, ...] = ()

    @property
    def auth_url(self) -> str:
        """Keystone's address."""
        return str(self.auth.get("auth_url", ""))

    @property
    def is_application_credential(self) -> bool:
        """Whether this logs in with an application credential rather than as a person."""
        return self.auth_type == APPLICATION_CREDENTIAL

    @property
    def tls(self) -> bool | str:
        """How Keystone's certificate is checked: False, a file of authorities, or True for the usual ones."""
        return (self.cacert or self.ca_bundle or True) if self.verify else False

    def with_secret(self, option: str, value: Secret, origin: str) -> AuthSource:
        """The same with one secret given from elsewhere (a prompt, standard input)."""
        return replace(self, secrets={**self.secrets, option: (value,)}, origins={**self.origins, option: origin})


def from_rc(rc: RcFile) -> AuthSource:
    """What an RC file says. Values that the file asks for are absent; the caller asks for :func:`unanswered` ones.

    Raises :class:`JsobjError` (local) naming all that is missing at once.
    """
    from jsobj.identity.rc.file import missing

    lacking = missing(rc)
    if lacking:
        sentence = f"{rc.name} does not set {', '.join(lacking)}"
        hint = "download the file again from the portal (Identity > Application Credentials, or API Access)"
        raise JsobjError("rc-incomplete", sentence, code=ExitCode.LOCAL, hint=hint)
    source = _from_variables(
        rc.values,
        rc.secrets,
        kind="rc-file",
        where=rc.name,
        origin=lambda name: f"{rc.name} line {rc.lines[name]}" if name in rc.lines else rc.name,
    )
    return replace(source, notices=rc.notices + source.notices)


def from_environment(environ: Mapping[str, str]) -> AuthSource | None:
    """What ``OS_*`` variables say, or None where they do not add up to a login."""
    values = {k: v for k, v in environ.items() if k.startswith("OS_") and v}
    secrets = {k: (Secret(v),) for k, v in values.items() if k[3:].lower() in SECRET_OPTIONS}
    plain = {k: v for k, v in values.items() if k not in secrets}
    if "OS_AUTH_URL" not in plain:
        return None
    source = _from_variables(
        plain, secrets, kind="environment", where="the environment", origin=lambda name: f"${name}"
    )
    # Other plugins (browser logins, tokens) know best what they need.
    known = source.auth_type in {APPLICATION_CREDENTIAL, "password", "v3password"}
    return None if known and secret_option(source) not in source.secrets else source


def refuse_incomplete(environ: Mapping[str, str]) -> None:
    """Refuse ``OS_*`` variables that say who logs in, but not all of it: another login must not act in their place.

    Nor in the place of a login whose variables are all empty: a CI whose secrets are not passed looks so.
    Raises :class:`LoginIncomplete` naming what is set and what lacks.
    """
    if from_environment(environ) is not None:
        return
    held = [name for name in _WHO if environ.get(name)]
    blank = [name for name in _WHO if name in environ and not environ[name]]
    if held:
        raise _incomplete(f"{_listed(held)} set, {_lacking(environ, held)}", held)
    if len(blank) > 1 or (blank and environ.get("OS_AUTH_URL")):  # a lone empty one may be how it was taken back
        raise _incomplete(f"{_listed(blank)} set, but empty", blank)


def _lacking(environ: Mapping[str, str], held: list[str]) -> str:
    by_credential = any("CREDENTIAL" in name for name in held)
    needed = (_WHO[:2], _WHO[2:3]) if by_credential else (_WHO[3:5], _WHO[5:])
    absent = [names[0] for names in (("OS_AUTH_URL",), *needed) if not any(environ.get(name) for name in names)]
    empty = [name for name in absent if name in environ]
    unset = [name for name in absent if name not in environ]
    lacks = [*([f"{_listed(empty)} empty"] if empty else []), *([f"{_listed(unset)} not"] if unset else [])]
    return " and ".join(lacks)


def _incomplete(sentence: str, named: list[str]) -> LoginIncomplete:
    return LoginIncomplete(
        sentence,
        context="no other login is used in the place of one that the environment names",
        hint=(
            "set what is missing (in CI: does this job get its secrets?)",
            f"or use a stored login: --cloud NAME, or: unset {' '.join(named)}",
        ),
    )


def _listed(names: list[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"


def secret_option(source: AuthSource) -> str:
    """The option that proves the identity for this kind of login: what to ask for when it is absent."""
    return {
        APPLICATION_CREDENTIAL: "application_credential_secret",
        "v3token": "token",
        "token": "token",
        "v3totp": "passcode",
    }.get(source.auth_type, "password")


def _from_variables(
    values: Mapping[str, str],
    secrets: Mapping[str, tuple[Secret, ...]],
    *,
    kind: str,
    where: str,
    origin: Callable[[str], str],
) -> AuthSource:
    # OS_VOLUME_API_VERSION and its like concern other services.
    options = {v: _option(v) for v in values if v not in _NOT_OPTIONS and not v.upper().endswith("_API_VERSION")}
    connection = {options[v]: values[v] for v in options if v in _CONNECTION}
    auth: dict[str, object] = {options[v]: values[v] for v in options if v not in _CONNECTION}
    hidden = {_option(v): candidates for v, candidates in secrets.items()}
    origins = {_option(v): origin(v) for v in (*options, *secrets)}
    auth_type = values.get("OS_AUTH_TYPE") or values.get("OS_AUTH_PLUGIN") or _guess_type(auth, hidden)
    source = AuthSource(
        kind=kind,
        where=where,
        auth_type=auth_type,
        auth=auth,
        secrets=hidden,
        origins=origins,
        region=connection.get("region", ""),
        interface=connection.get("interface", "public").removesuffix("URL"),
        cacert=connection.get("cacert", ""),
        verify=values.get("OS_INSECURE", "").lower() not in {"1", "true", "yes"},
    )
    return isolate(source)


def _option(variable: str) -> str:
    option = variable.removeprefix("OS_").lower()
    return _CONNECTION.get(variable) or _SPELLINGS.get(option, option)


def _guess_type(auth: Mapping[str, object], secrets: Mapping[str, object]) -> str:
    if any(option in auth for option in _CREDENTIAL_IDENTITY):
        return APPLICATION_CREDENTIAL
    if "token" in secrets and "password" not in secrets:
        return "v3token"
    return "password"


def isolate(source: AuthSource) -> AuthSource:
    """Keep only what belongs to an application credential, where that is the kind of login; say what was left out."""
    if not source.is_application_credential:
        return source
    wanted = {"auth_url", *_CREDENTIAL_IDENTITY}
    if "application_credential_id" not in source.auth:
        wanted |= set(_USER_OF_NAMED_CREDENTIAL)
    left_out = sorted((set(source.auth) | set(source.secrets)) - wanted - {"application_credential_secret"})
    notices = source.notices
    if left_out:
        names = ", ".join(f"OS_{option.upper()}" for option in left_out)
        notices = (*notices, f"{source.where}: {names} ignored, since an application credential knows its own project")
    return replace(
        source,
        auth={k: v for k, v in source.auth.items() if k in wanted},
        secrets={k: v for k, v in source.secrets.items() if k == "application_credential_secret"},
        origins={k: v for k, v in source.origins.items() if k not in left_out},
        notices=notices,
    )
