"""Opens the store of a place in another cloud, with the credentials that its own tools keep, or at a web server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsobj.store.bucket_name import WEB
from jsobj.store.location import Location
from jsobj.store.objects import Store

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.net.retry import RetryPolicy


def open_foreign(
    settings: Settings, location: Location, *, unsigned: bool = False, retry: RetryPolicy | None = None
) -> Store:
    """The store of a bucket, container or server; ``unsigned``: of public data, without a login.

    Raises :class:`JsobjError`: auth, usage (no account, no library).
    """
    if location.dialect in WEB:
        from jsobj.store.foreign.web.open import open_web

        return open_web(settings, location, retry=retry)
    if location.dialect == "az":
        from jsobj.store.foreign.azure.open import open_azure

        return open_azure(settings, location, unsigned=unsigned, retry=retry)
    from jsobj.store.foreign.google.open import open_google

    return open_google(settings, location, unsigned=unsigned, retry=retry)
