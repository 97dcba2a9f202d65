"""Endpoints and object names, parsed once into types.

An S3 endpoint is an *origin*: scheme, host and port, nothing behind it. Object-store catalogues list Swift URLs
instead (``https://host:8001/swift/v1/AUTH_<project>``); :func:`normalise_endpoint` finds the origin in each shape that
OpenStack clouds use, and refuses the rest with the reason.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

from jsobj.errors import ExitCode, JsobjError

MAX_URL = 2048  # characters; longer ones are mistakes or attacks
ALLOW_HTTP = "JSOBJ_ALLOW_HTTP"  # what the option --allow-http sets; "" and 0 mean no

# What stands between the origin and the container in a Swift URL. Ceph RGW: /swift/v1[/AUTH_<project>]. OpenStack
# Swift: /v1/AUTH_<project>. Swift behind a shared front: /object/v1/AUTH_<project>. Some clouds use another reseller
# prefix than AUTH_, hence the general pattern.
_SWIFT_PATH = re.compile(r"(?P<prefix>(?:/swift|/object)?/v1)(?P<account>/[A-Z]+_[^/]+)?(?P<rest>(?:/.*)?)")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port (RFC 6454). ``str()`` is the form that tools take as ``endpoint_url``."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Host and port as in a ``Host`` header: no port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether the connection cannot be overheard: https, or http that never leaves this machine."""
        return self.scheme == "https" or is_this_machine(self.host)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


@dataclass(frozen=True, slots=True)
class Normalised:
    """An endpoint as typed, the origin found in it, and what was left out, in sentences for the user."""

    origin: Origin
    notices: tuple[str, ...] = ()
    swift: bool = False


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by its name or address; no look-up is made."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_this_machine(host: str) -> bool:
    """Whether what is sent there stays on this machine: loopback, or an address of its own. No look-up is made."""
    if is_loopback(host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name, which a name server may resolve to any address
        return False
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET) as own,
    ):
        own.bind((host, 0))  # only an own address can be taken
        return True
    return False


def _refuse(reference: str, message: str, hint: str = "write it like https://js2.jetstream-cloud.org:8001") -> NoReturn:
    raise JsobjError(reference, message, code=ExitCode.USAGE, hint=hint)


def parse_url(text: str) -> tuple[Origin, str]:
    """Origin and path of an http(s) URL.

    Raises :class:`JsobjError` (usage) for another scheme, a name and password inside, a query or fragment, an
    impossible host or port, white space, or more than 2048 characters. The text is not echoed where it may hold a
    secret.
    """
    if len(text) > MAX_URL:
        _refuse("endpoint-too-long", f"the URL has {len(text)} characters; that is no endpoint")
    if any(ch.isspace() or not ch.isprintable() for ch in text):
        _refuse("endpoint-bad-character", "the URL contains white space or a control character")
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in _DEFAULT_PORTS:
        _refuse("endpoint-scheme", f"'{text[:80]}' does not begin with https:// (or http://)")
    if "@" in rest.partition("/")[0]:
        _refuse("endpoint-user-info", "the URL contains a name or password before '@'")
    if "?" in rest or "#" in rest:
        _refuse("endpoint-query", f"'{text[:80]}' has a query or a fragment; an endpoint has none")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").lower()
    except ValueError as error:
        _refuse("endpoint-malformed", f"'{text[:80]}' is not a URL: {error}")
    if port is None and parts.netloc.endswith(":"):
        _refuse("endpoint-port", f"'{text[:80]}' has a colon but no port")
    if port == 0:
        _refuse("endpoint-port", "port 0 is no port")
    return Origin(parts.scheme, _ascii_host(host, text), port or _DEFAULT_PORTS[parts.scheme]), parts.path


def _ascii_host(host: str, text: str) -> str:
    """The host as it goes on the wire: punycode for names with other letters, so that look-alikes show."""
    try:
        if ":" in host:
            return ipaddress.IPv6Address(host).compressed
        name = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        name = ""
    if not _HOST.fullmatch(name):
        _refuse("endpoint-host", f"'{text[:80]}' has no valid host")
    return name


def normalise_endpoint(text: str) -> Normalised:
    """The S3 origin inside what a user pasted: an origin, a Swift URL or a public object's URL.

    Raises :class:`JsobjError` (usage) where no origin is left.
    """
    origin, path = parse_url(text.strip())
    notices: list[str] = []
    typed_host = text.split("://", 1)[1].split("/", 1)[0].rsplit(":", 1)[0].strip("[]")
    if not typed_host.isascii():
        notices.append(f"the host is {origin.host} on the wire")
    stripped = path.rstrip("/")
    if not stripped:
        if path:
            notices.append("the trailing slash was left out")
        return Normalised(origin, tuple(notices))
    if split_swift_path(stripped) is not None:
        notices.append(f"'{stripped}' is the path of the Swift API; S3 speaks at the bare origin, so it was left out")
        return Normalised(origin, tuple(notices), swift=True)
    _refuse(
        "endpoint-path",
        f"'{path[:80]}' follows the host, and an S3 endpoint has no path",
        f"if {origin} is the object store's address, use that; the bucket's name goes into the command instead",
    )


def split_swift_path(path: str) -> tuple[str, str] | None:
    """The account's root in the path of a Swift URL, and what follows (container and object); None for another path."""
    match = _SWIFT_PATH.fullmatch(path)
    # /v1 alone, or /v1/<container>, is Swift's only with an account; with /swift or /object the prefix says enough.
    if match and (match["prefix"] != "/v1" or match["account"] or not match["rest"]):
        return f"{match['prefix']}{match['account'] or ''}", match["rest"].strip("/")
    return None


def require_origin(text: str) -> Origin:
    """An S3 endpoint typed for an option: exactly an origin, one trailing slash forgiven.

    Raises :class:`JsobjError` (usage); for a Swift URL it says so and names the origin to type.
    """
    found = normalise_endpoint(text)
    if found.swift:
        _refuse(
            "endpoint-is-swift",
            f"'{text[:200]}' is the URL of the Swift API, not an S3 endpoint",
            f"use {found.origin}",
        )
    return found.origin


def require_secure(origin: Origin, environ: Mapping[str, str], what: str = "server") -> None:
    """Refuse plain http to another machine: others in the network could read and change tokens and data.

    ``environ`` may hold the user's consent. Raises :class:`JsobjError` (usage).
    """
    if origin.secure or http_allowed(environ):
        return
    _refuse(
        "endpoint-not-https",
        f"the {what} {origin} is plain http: anyone on the way could read and change what is sent",
        f"use https://{origin.netloc}, or add --allow-http if you know that this network is yours "
        f"(for all commands, and in Python: {ALLOW_HTTP}=1)",
    )


def http_allowed(environ: Mapping[str, str]) -> bool:
    """Whether the user has consented to plain http."""
    return environ.get(ALLOW_HTTP, "") not in {"", "0"}
