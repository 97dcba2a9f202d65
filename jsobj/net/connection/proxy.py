"""Which way a request takes: one rule for Keystone, the object stores, the doctor and the libraries we drive.

Plain http to another machine is no way, unless the user has consented (:func:`jsobj.urls.require_secure`).

The variables are curl's and Python's: ``https_proxy`` or ``http_proxy`` by the scheme of the address, else
``all_proxy``, each before its name in capitals, also where it is empty. ``NO_PROXY`` exempts hosts, and this machine
is never reached through a proxy. A proxy is spoken to in plain HTTP, also where its own address begins with https://;
TLS goes through it, from end to end.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from jsobj.errors import ExitCode, JsobjError
from jsobj.urls import Origin, is_loopback, require_secure

_SOCKS = frozenset({"socks", "socks4", "socks4a", "socks5", "socks5h"})


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy and the variable that named it. ``url`` begins with http:// and may hold a password."""

    variable: str
    url: str
    host: str
    port: int


class ProxyUnusable(JsobjError):
    """A variable names something that cannot serve as the proxy for a server."""

    def __init__(self, variable: str, reason: str, origin: Origin) -> None:
        super().__init__(
            "proxy-unusable",
            f"the proxy that {variable} names cannot be used: {reason}",
            code=ExitCode.LOCAL,
            hint=f"export {variable}=http://HOST:PORT, or for this server alone: export NO_PROXY={origin.host}",
        )


def proxy_for(environ: Mapping[str, str], origin: Origin) -> Proxy | None:
    """The proxy for that server; None where it is reached directly. Raises :class:`ProxyUnusable`."""
    if is_loopback(origin.host) or _exempt(environ, origin):
        return None
    for name in (f"{origin.scheme}_proxy", "all_proxy"):
        variable = name if name in environ else name.upper()
        if not (value := environ.get(variable, "")):
            continue
        if reason := malformed(value) or unsupported(value):
            raise ProxyUnusable(variable, reason, origin)
        parts = urlsplit(_with_scheme(value))
        return Proxy(variable, f"http://{parts.netloc}", parts.hostname or "", parts.port or 80)
    return None


def tunnel_for(environ: Mapping[str, str], origin: Origin) -> str:
    """The URL of :func:`proxy_for`; "" for none. Asked before anything is sent to a server.

    Raises :class:`JsobjError`: as that one; usage for plain http to another machine.
    """
    require_secure(origin, environ)
    found = proxy_for(environ, origin)
    return found.url if found is not None else ""


def proxy_login(url: str) -> str:
    """The value of ``Proxy-Authorization`` for a proxy's URL; "" where it holds no name."""
    parts = urlsplit(url)
    if not parts.username:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def malformed(value: str) -> str:
    """Why this is no proxy's address; "" where it is one."""
    try:
        parts = urlsplit(_with_scheme(value))
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in {"http", "https"} | _SOCKS:
        return f"unknown kind '{parts.scheme}'"
    if not parts.hostname or port == 0:
        return "no host and port in it"
    return ""


def unsupported(value: str) -> str:
    """Why jsobj cannot use this proxy's address although it is one; "" where it can."""
    scheme = urlsplit(_with_scheme(value)).scheme
    return f"{scheme} is not supported, only HTTP proxies are" if scheme in _SOCKS else ""


def _with_scheme(value: str) -> str:
    return value if "://" in value else f"http://{value}"


def _exempt(environ: Mapping[str, str], origin: Origin) -> bool:
    # The type ignore: it is documented in urllib, though typeshed leaves it out.
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

    no = environ["no_proxy"] if "no_proxy" in environ else environ.get("NO_PROXY", "")
    # "no" is how urllib spells the list in the mapping that it takes.
    return bool(no) and bool(proxy_bypass_environment(origin.netloc, {"no": no}))
