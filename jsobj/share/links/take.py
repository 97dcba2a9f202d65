"""What ends links early: deleting what they lead to, or the key that signed them, with all that it signs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.share.grants.book import Taken
from jsobj.share.grants.inventory import PENDING, Grant, read, update
from jsobj.share.grants.truth import ended
from jsobj.share.links.record import KIND, PAGE, lasting
from jsobj.share.links.ways import OBJECT, PRESIGNED, TEMPURL
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.swift.store import SwiftStore
from jsobj.store.swift.temp_url import Level
from jsobj.urls import parse_url


def signed_by(grant: Grant) -> str:
    """:data:`PRESIGNED` or :data:`TEMPURL`: what the link is, whatever it leads to."""
    return grant.details.get("signed", grant.mechanism)


def clear(store: Store, grant: Grant) -> tuple[str, ...]:
    """Delete what was made for a share: its page or form, or the file that was sent for a while; the keys."""
    key = grant.key if grant.mechanism == OBJECT else grant.details.get(PAGE, "")
    if not key or head_or_none(store, key) is None:
        return ()
    store.delete(key)
    return (key,)


def same_key(grant: Grant, given: Iterable[Grant], now: datetime) -> tuple[Grant, ...]:
    """The other shares that end with the key of this one."""
    names = ("access",) if signed_by(grant) == PRESIGNED else ("level", "mark", "account")

    def key(each: Grant) -> tuple[str, ...]:
        bucket = each.bucket if each.details.get("level") == "container" else ""
        return (signed_by(each), bucket, *(each.details.get(name, "") for name in names))

    return tuple(
        each
        for each in given
        if each.id != grant.id and KIND in each.details and key(each) == key(grant) and not ended(each, now)
    )


def replace_second_key(store: Store, grant: Grant) -> bool:
    """End every temporary URL for others that the key of this share signs; False where the key is another one already.

    Raises :class:`JsobjError` (refused) where the new key is not the one that the server has.
    """
    if not isinstance(store, SwiftStore) or signed_by(grant) != TEMPURL:
        raise JsobjError("links-no-key", "this link was not signed over the Swift API", code=ExitCode.USAGE)
    level: Level = "account" if grant.details.get("level") == "account" else "container"
    before = grant.details.get("mark")
    if store.link_mark(level) != before:
        return False
    if store.link_signer(level, fresh=True).mark == before:
        raise JsobjError("links-key-stays", "the server kept the key that signs links", code=ExitCode.REFUSED)
    return True


def end_link(
    settings: Settings, store: Store, grant: Grant, now: datetime, *, revoke: bool = False
) -> tuple[Taken, ...]:
    """End what was shared by a link, and forget it: its page or file goes; ``revoke``: the second key too.

    Gives also what ends with the same key. Raises :class:`JsobjError`: refused (``link-lasts``) where the link, or
    links that were copied from its page, would work on, which is then still remembered.
    """
    _require_place(store, grant)
    given = read(settings).given
    cleared = bool(clear(store, grant))
    over = ended(grant, now) or grant.state == PENDING or grant.mechanism == OBJECT
    with_it: tuple[Grant, ...] = ()
    stays = ""
    if not over:
        with_it = same_key(grant, given, now)
        if not revoke or signed_by(grant) == PRESIGNED:
            raise _still_works(store, grant, cleared, with_it)
        if not replace_second_key(store, grant):
            stays = "the key that signed it was replaced before"
    for each in (grant, *(one for one in with_it if one.mechanism != OBJECT)):  # of a file the rest is still to come
        update(settings, lambda book, id=each.id: book.without_grant(id))  # type: ignore[misc]
    ended_now = bool(with_it or not over) and not stays
    return Taken(grant, cleared or ended_now, stays), *(
        Taken(each, ended_now, stays or "ended with the same key") for each in with_it
    )


def _require_place(store: Store, grant: Grant) -> None:
    """Raises :class:`JsobjError` (auth) where another object store or account was opened than that of the share."""
    here, there = str(parse_url(store.place.endpoint)[0]), grant.server
    if signed_by(grant) == TEMPURL:
        here, there = store.place.account, grant.details.get("account", "")
    if here != there:
        raise JsobjError(
            "share-other-login",
            f"{grant.id} was shared from {there}, and this login is for {here}; nothing was changed",
            code=ExitCode.AUTH,
            hint=f"choose the login that gave it: jsobj unshare {grant.id} --cloud NAME (jsobj clouds list)",
        )


def _still_works(store: Store, grant: Grant, cleared: bool, others: tuple[Grant, ...]) -> JsobjError:
    """That links remain, and the command that ends them."""
    presigned, at = signed_by(grant) == PRESIGNED, store.place.at
    what = "the S3 key" if presigned else f"the second key of the {grant.details.get('level')}"
    more = f"; {what} also signs: {', '.join(each.id for each in others)}" if others else ""
    end = f"jsobj unshare {grant.id} --revoke{at}"
    if presigned:
        end = f"jsobj ec2-creds rotate{at} (where that key is deleted already, the link has ended)"
    page = "form" if grant.access == "write" else "page"
    gone = f"the {page} of {grant.id} was deleted, but what was copied from it works until {grant.ends}"
    return JsobjError(
        "link-lasts",
        gone if cleared else f"the link of {grant.id} works until {grant.ends}",
        code=ExitCode.REFUSED,
        context=lasting(grant) + more,
        hint=f"end it now, with everything that this key signs: {end}",
    )
