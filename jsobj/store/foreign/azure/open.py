"""Opens a store in Azure's Blob storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsobj.identity.foreign.azure import AzureLogin, azure_login
from jsobj.net.connection.proxy import tunnel_for
from jsobj.net.session import query_string
from jsobj.store.foreign.azure.store import AzureLink, AzureStore
from jsobj.store.location import Location
from jsobj.urls import parse_url

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.net.retry import RetryPolicy


def open_azure(
    settings: Settings, location: Location, *, unsigned: bool = False, retry: RetryPolicy | None = None
) -> AzureStore:
    """The store of the container in ``location``. ``unsigned``: without a login.

    Raises :class:`JsobjError`: auth, usage, local (a file that cannot be read).
    """
    login = login_for(settings, location, unsigned=unsigned)
    origin = parse_url(login.endpoint)[0]
    verify = settings.ca_bundle or settings.get("AWS_CA_BUNDLE") or True
    proxy = tunnel_for(settings.environ, origin)
    kind = AzureLink if ("sr", "b") in location.signed else AzureStore
    store = kind(login, location.bucket, verify=verify, proxy=proxy, retry=retry)
    if isinstance(store, AzureLink):
        store.key = location.key
    return store


def login_for(settings: Settings, location: Location, *, unsigned: bool = False) -> AzureLogin:
    """Whose login opens ``location``. Raises as :func:`open_azure`."""
    return azure_login(settings, location.public, query_string(location.signed).lstrip("?"), unsigned=unsigned)
