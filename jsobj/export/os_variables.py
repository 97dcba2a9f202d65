"""The ``OS_*`` variables of a Keystone login, which OpenStack's programs and jsobj read; as in Horizon's RC files.

Keystone refuses an application credential that comes with a user or a project ("Application credentials cannot request
a scope"), and each program has its own variable that comes before all others. So what another login may have left in a
shell must be unset.
"""

from __future__ import annotations

from jsobj.export.configuration import Variables, Word
from jsobj.export.logins import SwiftLogin

# Everything that decides which user logs in, where, and to which store.
_NAMES = """
    CLOUD AUTH_PLUGIN TOKEN AUTH_TOKEN STORAGE_URL USERNAME USER_ID USER_DOMAIN_NAME USER_DOMAIN_ID PASSWORD
    PASSCODE PROJECT_NAME PROJECT_ID PROJECT_DOMAIN_NAME PROJECT_DOMAIN_ID TENANT_NAME TENANT_ID DOMAIN_NAME
    DOMAIN_ID DEFAULT_DOMAIN SYSTEM_SCOPE TRUST_ID APPLICATION_CREDENTIAL_ID APPLICATION_CREDENTIAL_NAME
    APPLICATION_CREDENTIAL_SECRET REGION_NAME ENDPOINT_TYPE CACERT INSECURE
"""
_LOGIN = tuple(f"OS_{name}" for name in _NAMES.split())
OTHERS_NOTE = "no other OS_* variables may be set beside these (OS_USERNAME, OS_PROJECT_NAME and OS_CLOUD above all)"


def credentials(swift: SwiftLogin) -> dict[str, Word]:
    """Who logs in: the secret, and an application credential's id, which CI systems keep beside it."""
    secrets: dict[str, Word] = {_variable(name): secret for name, secret in swift.secrets.items()}
    if not swift.source.is_application_credential:
        return secrets
    identity = {_variable(name): value for name, value in swift.options.items() if name != "auth_url"}
    return {**identity, **secrets}


def settings(swift: SwiftLogin) -> dict[str, Word]:
    """All the rest; nothing secret."""
    source = swift.source
    values: dict[str, Word] = {
        "OS_AUTH_TYPE": source.auth_type,
        "OS_AUTH_URL": source.auth_url,
        "OS_IDENTITY_API_VERSION": "3",
        "OS_REGION_NAME": source.region,
        "OS_INTERFACE": source.interface,
        "OS_CACERT": swift.cacert,
        "OS_INSECURE": "" if source.verify else "true",
    }
    if not source.is_application_credential:
        values |= {_variable(name): value for name, value in swift.options.items()}
    return {name: value for name, value in values.items() if value}


def everything(swift: SwiftLogin) -> dict[str, Word]:
    """Settings and secret."""
    return {**settings(swift), **credentials(swift)}


def for_shell(swift: SwiftLogin, style: str, *, more: dict[str, Word] | None = None) -> Variables:
    """All of it for a shell or a .env file, with what must not be set beside it."""
    pairs = {**everything(swift), **(more or {})}
    return Variables("", pairs, style, tuple(name for name in _LOGIN if name not in pairs))


def ci_notes(swift: SwiftLogin, command: str) -> tuple[str, ...]:
    """What to know for a CI host, at last the shell's line that gives each secret to its program on standard input.

    ``$name`` in ``command`` is which.
    """
    store = (
        f'store the secrets: (eval "$(jsobj export shell --swift{swift.jsobj_option})"; '
        f"for name in {' '.join(credentials(swift))}; do printenv $name | tr -d '\\n' | {command}; done)"
    )
    return "" if swift.bucket else "name the bucket with --bucket", cacert_note(swift), store


def cacert_note(swift: SwiftLogin) -> str:
    """What to know where the variables are read on another machine."""
    return f"OS_CACERT names a file of this machine: put {swift.cacert} there too" if swift.cacert else ""


def _variable(option: str) -> str:
    return f"OS_{option.upper()}"
