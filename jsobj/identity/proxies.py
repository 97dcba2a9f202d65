"""Which proxy a request goes through, by the rules of Python's clients (curl's variables, small letters first)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from jsobj.identity.settings import Settings
from jsobj.urls import Origin, is_loopback


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy and the variable that named it. ``url`` may hold a password."""

    variable: str
    url: str
    host: str
    port: int


def proxy_for(settings: Settings, origin: Origin) -> Proxy | None:
    """The proxy for that origin; None where it is reached directly."""
    if _bypassed(settings, origin):
        return None
    for variable in (f"{origin.scheme}_proxy", f"{origin.scheme}_proxy".upper(), "all_proxy", "ALL_PROXY"):
        value = settings.get(variable)
        if value:
            url = value if "://" in value else f"http://{value}"
            if malformed(url):
                return None
            parts = urlsplit(url)
            default = 443 if parts.scheme == "https" else 80
            return Proxy(variable, url, parts.hostname or "", parts.port or default)
    return None


def tunnel_for(settings: Settings, origin: Origin) -> str:
    """The HTTP proxy that our own connections use for that origin, as a URL; "" for none.

    Never for this machine itself, and never one of another kind (socks), as in :mod:`jsobj.identity.http`.
    """
    if is_loopback(origin.host):
        return ""
    found = proxy_for(settings, origin)
    return found.url if found is not None and found.url.lower().startswith("http") else ""


def _bypassed(settings: Settings, origin: Origin) -> bool:
    # The type ignore: it is documented in urllib, though typeshed leaves it out.
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

    no = settings.get("no_proxy") or settings.get("NO_PROXY")
    # "no" is how urllib spells the list in the mapping that it takes.
    return bool(no) and bool(proxy_bypass_environment(origin.netloc, {"no": no}))


def malformed(value: str) -> str:
    """Why this is no proxy's address; "" where it is one."""
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in {"http", "https", "socks4", "socks4a", "socks5", "socks5h"}:
        return f"unknown kind '{parts.scheme}'"
    if not parts.hostname or port == 0:
        return "no host and port in it"
    return ""
