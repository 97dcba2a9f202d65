"""Opens a store in Google's Cloud Storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsobj.identity.foreign.google import google_login
from jsobj.net.connection.proxy import tunnel_for
from jsobj.store.foreign.google.store import GoogleStore
from jsobj.store.foreign.google.tokens import GoogleTokens
from jsobj.store.location import Location
from jsobj.urls import parse_url

if TYPE_CHECKING:
    from jsobj.identity.foreign.google import GoogleLogin
    from jsobj.identity.settings import Settings
    from jsobj.net.retry import RetryPolicy


def open_google(
    settings: Settings, location: Location, *, unsigned: bool = False, retry: RetryPolicy | None = None
) -> GoogleStore:
    """The store of the bucket in ``location``; nothing is sent yet. ``unsigned``: without a login.

    Raises :class:`JsobjError`: local (a file of credentials that cannot be used), usage (an emulator's address).
    """
    login = google_login(settings, unsigned=unsigned)
    origin, _ = parse_url(login.endpoint)
    tokens, proxy = tokens_of(settings, login), tunnel_for(settings.environ, origin)
    return GoogleStore(origin, location.bucket, tokens, verify=_verify(settings), proxy=proxy, retry=retry)


def tokens_of(settings: Settings, login: GoogleLogin) -> GoogleTokens:
    """What gets the tokens of a login."""
    return GoogleTokens(login, settings.environ, _verify(settings))


def _verify(settings: Settings) -> bool | str:
    """What certificates are checked with: OpenStack's own authorities are of no use here."""
    return settings.get("REQUESTS_CA_BUNDLE") or settings.get("CURL_CA_BUNDLE") or True
