"""What the inventory keeps of a link, written before there is one: never the link, which is as good as a password."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from jsobj.identity.settings import Settings
from jsobj.publish.tree import OWN_FOLDER
from jsobj.share.grants.inventory import GIVEN, Grant, new_id, update
from jsobj.share.links.ways import PRESIGNED, Links
from jsobj.store.objects import Store
from jsobj.store.s3.store import S3Store
from jsobj.units import utc_time
from jsobj.urls import parse_url

PAGE = "page"  # among the details: the key of the page or the form that was made for a share
KIND = "kind"  # among the details: object, folder, upload, file


def grant_of(
    store: Store,
    key: str,
    links: Links,
    *,
    kind: str,
    ends: datetime,
    now: datetime,
    cloud: str,
    access: str = "read",
    mechanism: str = "",
    details: Mapping[str, str] | None = None,
) -> Grant:
    """What was shared with whoever has the link. ``cloud``: of the login, used where no profile signs."""
    profile = store.requests.access.profile if isinstance(store, S3Store) else ""
    return Grant(
        id=new_id(),
        bucket=store.place.bucket,
        key=key,
        url=store.place.url(key),
        server=str(parse_url(store.place.endpoint)[0]),
        whom="whoever has the link",
        access=access,
        made=utc_time(now),
        mechanism=mechanism or links.mechanism,
        ends=utc_time(ends),
        cloud="" if profile else cloud,
        profile=profile,
        details={KIND: kind, "signed": links.mechanism, **links.details, **(details or {})},
    )


def own_key(name: str) -> str:
    """The key of a page or a form, in a folder that nobody guesses (128 bits)."""
    return f"{OWN_FOLDER}share-{secrets.token_hex(16)}/{name}"


@contextlib.contextmanager
def kept(settings: Settings, grant: Grant, undo: Callable[[], None]) -> Iterator[None]:
    """The record, pending until the end. After an error ``undo`` is called; where that worked the record goes, too."""
    update(settings, lambda book: book.with_grant(grant))
    try:
        yield
    except BaseException:
        undo()
        update(settings, lambda book: book.without_grant(grant.id))
        raise
    update(settings, lambda book: book.with_grant(replace(grant, state=GIVEN)))


def lasting(grant: Grant) -> str:
    """In words, what ends the link before its time."""
    if grant.details.get("signed", grant.mechanism) == PRESIGNED:
        return "it cannot be taken back before, but by deleting the S3 key that signed it"
    level = grant.details.get("level", "container")
    return (
        f"it cannot be taken back before, but by replacing the second key of the {level}, which links are signed with"
    )
