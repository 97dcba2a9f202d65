"""Opens a web server as a store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jsobj.net.connection.proxy import tunnel_for
from jsobj.store.foreign.web.look import authorities
from jsobj.store.foreign.web.store import WebStore
from jsobj.urls import parse_url

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.net.retry import RetryPolicy
    from jsobj.store.location import Location


def open_web(settings: Settings, location: Location, *, retry: RetryPolicy | None = None) -> WebStore:
    """The store of the server in ``location``. Raises :class:`JsobjError` (usage) for plain http to another machine."""
    origin, _ = parse_url(location.public or f"{location.dialect}://{location.bucket}")
    proxy = partial(tunnel_for, settings.environ)
    store = WebStore(origin, verify=authorities(settings), proxy=proxy, retry=retry)
    if location.query:
        store.queries[location.key] = location.query
    return store
