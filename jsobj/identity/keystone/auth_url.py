"""Keystone's address, checked before a secret is sent there."""

from __future__ import annotations

from jsobj.errors import ExitCode, JsobjError
from jsobj.urls import Origin, parse_url


def check_auth_url(url: str) -> Origin:
    """Where Keystone is; refuses an address that is no URL or is Keystone v2's (usage, local)."""
    try:
        origin, path = parse_url(url)
    except JsobjError as error:
        raise JsobjError(
            "auth-url-bad", f"Keystone's address (OS_AUTH_URL) is not usable: {error.message}", code=error.code
        ) from error
    if path.rstrip("/").endswith("/v2.0"):
        sentence = f"{url} is the Identity API v2, which no current cloud has"
        hint = "download a new RC file (v3) from the portal"
        raise JsobjError("keystone-v2", sentence, code=ExitCode.LOCAL, hint=hint)
    return origin
