"""Links to read: to one object, or to a page of a folder whose entries are links that end at the same time."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jsobj.errors import BadUsage, ObjectNotFound
from jsobj.identity.settings import Settings
from jsobj.net.body import BytesSource
from jsobj.publish.entries import Entry, Page
from jsobj.publish.manifest import MADE
from jsobj.publish.page import render
from jsobj.publish.tree import OWN_FOLDER
from jsobj.share.grants.inventory import Grant
from jsobj.share.links.elsewhere import elsewhere, elsewhere_below
from jsobj.share.links.record import PAGE, grant_of, kept, own_key
from jsobj.share.links.stranger import require_closed, require_readable
from jsobj.share.links.ways import Links, links_of
from jsobj.store.etag import is_md5
from jsobj.store.location import nothing_at
from jsobj.store.objects import Store
from jsobj.store.values import Listed, PutOptions
from jsobj.units import human_time

MOST = 10_000  # objects on one page
HTML = PutOptions("text/html; charset=utf-8", metadata={MADE: "share"}, served={"cache-control": "no-store"})


@dataclass(frozen=True, slots=True)
class Shared:
    """What was shared, and the link, which is shown once and kept nowhere. ``size`` in bytes of all ``objects``."""

    grant: Grant
    link: str
    objects: int
    size: int


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when, and by which login: ``cloud`` as clouds.yaml calls it."""

    now: datetime
    ends: datetime
    cloud: str = ""


def share_object(settings: Settings, store: Store, key: str, span: Span) -> Shared:
    """A link to one object, which is fetched by it before it is shown.

    Raises :class:`JsobjError`: not found, usage (too long), refused where the server does not honour it.
    """
    info = store.head(key)
    links = links_of(store, span.ends, span.now, elsewhere(store, [key]))
    grant = grant_of(store, key, links, kind="object", ends=span.ends, now=span.now, cloud=span.cloud)
    with kept(settings, grant, lambda: None):
        link = links.read(key)
        require_readable(store, link, info.size)
    return Shared(grant, link, 1, info.size)


def share_folder(settings: Settings, store: Store, prefix: str, span: Span, *, title: str = "") -> Shared:
    """A page that lists what is below ``prefix`` now (ends in a slash, or "": all of the bucket), and a link to it.

    Raises :class:`JsobjError` as :func:`share_object`; usage for more than :data:`MOST` objects.
    """
    listed = _listed(store, prefix)
    if not listed:
        raise nothing_at(store, prefix)
    far = elsewhere_below(store, prefix, {item.key for item in listed})
    links = links_of(store, span.ends, span.now, far)
    entries = _entries(store, prefix, listed, links)
    key = own_key("share.html")
    details = {PAGE: key}
    grant = grant_of(
        store, prefix, links, kind="folder", ends=span.ends, now=span.now, cloud=span.cloud, details=details
    )
    name = title or prefix.rstrip("/").rpartition("/")[2] or store.place.bucket.rpartition(":")[2]
    page = Page(
        name,
        entries,
        note=f"The links on this page work for whoever has them, and end on {human_time(span.ends)}.",
        listed=False,
        about="Made from the list of objects by jsobj share.",
    )
    with kept(settings, grant, lambda: store.delete(key)):
        store.put(key, BytesSource(render(page)), HTML)
        link = links.shown(key)
        require_closed(store, link)
        require_readable(store, link, 1)
        # Large objects are what a link may fail at where others work.
        tried = {listed[0].key, max(listed, key=lambda item: item.size).key, far}
        for item, entry in zip(listed, entries, strict=True):
            if item.key in tried:  # a listing shows no size of an object that is found by the prefix of its segments
                require_readable(store, entry.url, item.size or store.head(item.key).size)
    return Shared(grant, link, len(entries), sum(entry.size for entry in entries))


def _listed(store: Store, prefix: str) -> list[Listed]:
    """What goes onto the page. Raises usage where it is more than :data:`MOST` objects."""
    found: list[Listed] = []
    for item in store.list(prefix):
        name = item.key[len(prefix) :]
        if not name or name.endswith("/") or f"/{OWN_FOLDER}" in f"/{name}":
            continue
        if len(found) == MOST:
            here = shlex.quote(store.place.url(prefix))
            raise BadUsage(
                f"a page of links holds {MOST} objects, and there are more below {store.place.url(prefix)}",
                hint=f"share a folder in it (jsobj ls {here}{store.place.at}), or let everybody read: "
                "jsobj bucket public",
            )
        found.append(item)
    return found


def _entries(store: Store, prefix: str, listed: Iterable[Listed], links: Links) -> tuple[Entry, ...]:
    link = links.below(prefix) if prefix else links.read
    found: list[Entry] = []
    for item in listed:
        # Swift lists an MD5 for large objects, too, which is not that of their bytes.
        md5 = item.etag if is_md5(item.etag) and store.place.dialect == "s3" else ""
        modified = None if item.modified is None else int(item.modified)
        found.append(Entry(item.key[len(prefix) :], item.size, modified, md5, url=link(item.key)))
    return tuple(found)


def require_object(store: Store, key: str) -> None:
    """Raises :class:`ObjectNotFound` with what to type where ``key`` is no object but a folder."""
    try:
        store.head(key)
    except ObjectNotFound as error:
        if next(store.list(f"{key}/"), None) is None:
            raise
        url = shlex.quote(f"{store.place.url(key)}/")
        raise ObjectNotFound(
            f"there is no object {store.place.url(key)}, but a folder of this name",
            hint=f"share the folder: jsobj share {url} --to link{store.place.at}",
        ) from error
