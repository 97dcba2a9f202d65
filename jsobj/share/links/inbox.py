"""A drop box: whoever has the link sends files into a folder that is made for it, and sees nothing of what is there.

The folder is new, so that nothing that was there before can be replaced: the server takes keys below it only. Over S3
that is a form (POST Object), whose size the server limits; over the Swift API a temporary URL for PUT, without a limit.
Measured: Ceph RGW 16 takes the form only where bucket names are global, Swift's S3 API takes none.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.net.body import BytesSource
from jsobj.share.grants.inventory import Grant
from jsobj.share.links.give import HTML, Span
from jsobj.share.links.record import PAGE, grant_of, kept, own_key
from jsobj.share.links.stranger import require_closed, require_readable, try_upload, was_taken
from jsobj.share.links.upload_page import upload_page
from jsobj.share.links.ways import Upload, links_of
from jsobj.store.location import first_of
from jsobj.store.objects import Store

_PROBE = ".jsobj-probe"


@dataclass(frozen=True, slots=True)
class Inbox:
    """``link``: of the page with the form; ``curl``: the line that sends FILE without it. Both are shown once.

    ``folder``: the key that what is sent begins with. ``limited``: whether the server refuses more than ``largest``
    bytes, ``keeps_first``: whether it can refuse a second file of one name.
    """

    grant: Grant
    link: str
    curl: str
    folder: str
    largest: int
    limited: bool


def share_inbox(settings: Settings, store: Store, prefix: str, span: Span, *, largest: int = 0) -> Inbox:
    """Make a folder below ``prefix`` that strangers send to. ``largest`` in bytes, 0 for what one request may hold.

    One byte is sent there as a stranger, and deleted again. Raises :class:`JsobjError`: refused (``no-upload-link``)
    where this API takes no uploads from strangers.
    """
    prefix = f"{prefix}/" if prefix and not prefix.endswith("/") else prefix
    first_of(store.list(prefix))  # raises bucket not found
    links = links_of(store, span.ends, span.now)
    largest = min(largest or store.limits.largest_put, store.limits.largest_put)
    key = own_key("upload.html")
    grant = grant_of(
        store,
        prefix,
        links,
        kind="upload",
        ends=span.ends,
        now=span.now,
        cloud=span.cloud,
        access="write",
        details={PAGE: key},
    )
    folder = f"{prefix}received-{grant.id}/"
    upload = links.upload(folder, largest)
    probe = f"{folder}{_PROBE}"

    def undo() -> None:
        store.delete(probe)
        store.delete(key)

    with kept(settings, grant, undo):
        reply = try_upload(store, upload, _PROBE)
        if not was_taken(reply):
            raise _not_here(store, reply.status)
        store.head(probe)
        store.delete(probe)
        store.put(key, BytesSource(upload_page(upload, span.ends, largest)), HTML)
        link = links.shown(key)
        require_closed(store, link)
        require_readable(store, link, 1)
    return Inbox(grant, link, curl_line(upload), folder, largest, upload.method == "POST")


def curl_line(upload: Upload) -> str:
    """What somebody types who has no browser; FILE and NAME stand for theirs."""
    if upload.method == "PUT":
        url = shlex.quote(f"{upload.url}NAME?{upload.query}")
        return f"curl -f -T FILE -H 'If-None-Match: *' {url}"
    fields = " ".join(f"-F {shlex.quote(f'{name}={value}')}" for name, value in upload.fields.items())
    return f"curl -f {fields} -F file=@FILE {shlex.quote(upload.url)}"


def _not_here(store: Store, status: int) -> JsobjError:
    at = store.place.at
    swift = shlex.quote(f"swift://{store.place.bucket.rpartition(':')[2]}/")
    return JsobjError(
        "no-upload-link",
        "this server takes no uploads from people without an account over this API",
        code=ExitCode.REFUSED,
        context=f"a byte that was sent without a login was answered HTTP {status}",
        hint="" if store.place.dialect == "swift" else f"use the Swift API, with a login: {swift}... ({at.strip()})",
    )
