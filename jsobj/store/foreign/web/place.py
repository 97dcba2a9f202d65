"""Addresses at a web server: a key as a URL, and where a redirect leads."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.store.location import web_path
from jsobj.store.values import StorePlace
from jsobj.urls import Origin, parse_url

MOST = 5  # redirects that are followed


@dataclass(frozen=True, slots=True)
class WebPlace(StorePlace):
    """A web server; ``endpoint`` is its origin."""

    def url(self, key: str = "") -> str:
        """The address of a file, without its query, which may be a secret."""
        return f"{self.endpoint}/{web_path(key)}"


@dataclass(frozen=True, slots=True)
class Target:
    """What is requested: ``path`` and ``query`` are percent-encoded."""

    origin: Origin
    path: str
    query: str = ""

    @property
    def text(self) -> str:
        """Path and query, as a request has them."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def __str__(self) -> str:
        """Without the query, which may be a secret."""
        return f"{self.origin}{self.path}"


class Redirect(JsobjError):
    """The server says that it is elsewhere: at ``location``, as it wrote it."""

    def __init__(self, url: str, status: int, location: str) -> None:
        super().__init__(
            "web-redirect",
            f"{url} is elsewhere, and the way there cannot be followed",
            code=ExitCode.NETWORK,
            context=f"HTTP {status}",
            hint="look at it in a browser, and give the address at which it ends",
        )
        self.location = location


def target_of(origin: Origin, key: str, query: str = "") -> Target:
    """What a key and the query of its address ask for."""
    return Target(origin, f"/{web_path(key)}", quote(query, safe="%/?:@!$&'()*+,;=-._~"))


def followed(target: Target, redirect: Redirect) -> Target:
    """Where a redirect leads, by the rules of browsers: never from https to http.

    Raises :class:`ObjectNotFound` where it only adds a slash, since that is a folder; else :class:`JsobjError`.
    """
    try:
        parts = urlsplit(urljoin(f"{target.origin}{target.text}", redirect.location.strip()))
        origin, _ = parse_url(f"{parts.scheme}://{parts.netloc}/")
    except (ValueError, JsobjError) as error:
        raise redirect from error
    path = quote(parts.path or "/", safe="%/~!$&'()*+,;=:@", errors="surrogateescape")
    if path == f"{target.path}/" and not parts.query:
        raise ObjectNotFound(f"{target} is a folder", hint="end it with a slash")
    if target.origin.scheme == "https" and origin.scheme != "https":
        raise redirect.reworded(
            f"{target} leads from https to http, where anyone on the way could change what comes",
            hint=f"if that is meant, give the address itself: {origin}{path}",
        )
    return Target(origin, path, quote(parts.query, safe="%/?:@!$&'()*+,;=-._~", errors="surrogateescape"))
