"""The inventory at work: each grant looked at, or taken back, by the login that gave it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.share.grants import inventory
from jsobj.share.grants.inventory import PENDING, Grant, Received
from jsobj.share.grants.take import lists_of, needed_beside, take_back, take_statements
from jsobj.share.grants.truth import SERVERS, Stands, ended, truth_of
from jsobj.share.owner import Owner, owner_of
from jsobj.share.public import segments_of
from jsobj.share.swift_acl import elements
from jsobj.store.location import Location
from jsobj.units import iso_time

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.store.open import StoreRequest

    MakeRequest = Callable[[str, str], StoreRequest]  # of a cloud and a profile, "" for those that are typed

_UNDER_WAY = timedelta(minutes=10)  # for which an unfinished grant may belong to a command that still runs


@dataclass(frozen=True, slots=True)
class Book:
    """What was given, as it stands. ``strange``: (bucket, sentence) of what jsobj did not give here.

    ``failures``: (bucket, error) where a server could not be asked; ``unseen``: (bucket, why) where access control
    lists were not looked at.
    """

    stands: tuple[Stands, ...]
    strange: tuple[tuple[str, str], ...] = ()
    failures: tuple[tuple[str, JsobjError], ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """One grant that ended. ``there``: whether the server still had any of it that the grant had put there.

    ``stays``: why something of it stays, in words; "" where nothing does.
    """

    grant: Grant
    there: bool
    stays: str = ""


def looked_up(settings: Settings, request: MakeRequest, place: Location | None, now: datetime) -> Book:
    """The grants of one bucket, or of all buckets of the inventory, compared with their servers.

    With ``place`` the options choose the login, and what other computers gave there is found too.
    """
    mine = [each for each in inventory.read(settings).given if place is None or each.bucket == place.bucket]
    stands = [Stands(each, _by_date(each, now)) for each in mine if each.mechanism not in SERVERS]
    groups: dict[tuple[str, str, str], list[Grant]] = {}
    for each in (each for each in mine if each.mechanism in SERVERS):
        key = (each.bucket, each.cloud, each.profile) if place is None else (each.bucket, "", "")
        groups.setdefault(key, []).append(each)
    if place is not None:
        groups.setdefault((place.bucket, "", ""), [])
    strange: list[tuple[str, str]] = []
    failures: list[tuple[str, JsobjError]] = []
    unseen: list[tuple[str, str]] = []
    for (bucket, cloud, profile), grants in groups.items():
        location = Location(place.dialect if place is not None else "", bucket)
        try:
            with owner_of(settings, location, request(cloud, profile)) as owner:
                here = tuple(each for each in grants if _is_by(owner, each))
                found = truth_of(owner, here, now)
                unseen += [(bucket, owner.no_login)] if owner.acls is None else []
                where = f"this login is of project {owner.project or 'unknown'} at {owner.place.origin}"
                stands += [Stands(each, "not asked", where) for each in grants if each not in here]
        except JsobjError as error:
            failures.append((bucket, error))
            stands += [Stands(each, "not asked", error.message) for each in grants]
            continue
        stands += found.stands
        strange += [(bucket, sentence) for sentence in found.strange]
    return Book(tuple(sorted(stands, key=lambda one: one.grant.made)), tuple(strange), tuple(failures), tuple(unseen))


def taken_back(settings: Settings, request: MakeRequest, id: str, place: Location | None = None) -> Taken:
    """Take one grant back, and forget it. ``place``: its bucket, where another computer gave it.

    Raises :class:`JsobjError`: not found where neither the inventory nor the bucket's policy has it.
    """
    book = inventory.read(settings)
    grant = book.grant(id)
    if grant is None:
        return _from_elsewhere(settings, request, id, place)
    there = False
    if grant.mechanism in SERVERS:
        location = Location("", grant.bucket)
        with owner_of(settings, location, request(grant.cloud, grant.profile)) as owner:
            _require_by(owner, grant)
            there = take_back(owner, grant, book.given)
    inventory.update(settings, lambda now: now.without_grant(id))
    return Taken(grant, there, _staying(grant, book.given))


def _is_by(owner: Owner, grant: Grant) -> bool:
    """Whether an owner is of the project that a grant was given in: no two clouds have one of the same id.

    Where either is not known, of its object store.
    """
    if grant.project and owner.project:
        return grant.project == owner.project
    return grant.server in owner.origins


def _require_by(owner: Owner, grant: Grant) -> None:
    """Raises :class:`JsobjError` (auth) for another login than a grant's: it would find nothing, and forget it."""
    if not _is_by(owner, grant):
        raise JsobjError(
            "share-other-login",
            f"{grant.id} was given by project {grant.project or 'unknown'} at {grant.server}, and this login is of "
            f"project {owner.project or 'unknown'} at {owner.place.origin}; nothing was changed",
            code=ExitCode.AUTH,
            hint=f"choose the login that gave it: jsobj unshare {grant.id} --cloud NAME (jsobj clouds list)",
        )


def due(settings: Settings, now: datetime) -> tuple[Grant, ...]:
    """The grants whose end is over, and those that were never finished."""
    return tuple(each for each in inventory.read(settings).given if ended(each, now) or _unfinished(each, now))


def forget_ended(settings: Settings, now: datetime) -> tuple[Received, ...]:
    """Forget what was received and is over; what was forgotten."""

    def over(one: Received) -> bool:
        end = iso_time(one.ends)
        return end is not None and end <= now

    gone = tuple(each for each in inventory.read(settings).received if over(each))
    if gone:
        inventory.update(
            settings, lambda book: replace(book, received=tuple(each for each in book.received if each not in gone))
        )
    return gone


def _staying(grant: Grant, known: tuple[Grant, ...]) -> str:
    """Why an element of a list that the grant needed is still there."""
    if needed_beside(grant, known) & lists_of(grant):
        return "another share keeps it open"
    return "stood there before, and stays" if lists_of(grant, "before") else ""


def _by_date(grant: Grant, now: datetime) -> str:
    return "ended" if ended(grant, now) else grant.state


def _unfinished(grant: Grant, now: datetime) -> bool:
    made = iso_time(grant.made)
    return grant.state == PENDING and (made is None or now - made > _UNDER_WAY)


def _from_elsewhere(settings: Settings, request: MakeRequest, id: str, place: Location | None) -> Taken:
    """A grant that only the policy of its bucket tells of."""
    if place is None:
        raise JsobjError(
            "share-unknown",
            f"no share '{id}' was given from this computer",
            code=ExitCode.NOT_FOUND,
            hint=f"list them: jsobj shares; given elsewhere, name its bucket: jsobj unshare {id} --of s3://BUCKET",
        )
    with owner_of(settings, place, request("", "")) as owner:
        found = [each.grant for each in truth_of(owner, (), datetime.now().astimezone()).stands if each.grant.id == id]
        if not found:
            raise JsobjError(
                "share-unknown",
                f"{place.bucket} has no share '{id}' in its policy",
                code=ExitCode.NOT_FOUND,
                hint=f"see what is given there: jsobj shares s3://{place.bucket}",
            )
        return Taken(found[0], take_statements(owner, id), _segments_stay(owner, found[0]))


def _segments_stay(owner: Owner, grant: Grant) -> str:
    """What a policy does not tell of: lists of the containers of segments, which the share may have opened too."""
    if grant.key:
        return ""
    if owner.acls is None:
        return f"access control lists of segments were not looked at: {owner.no_login}"
    project = grant.whom.removeprefix("project ")
    left = [
        each
        for each in segments_of(owner)
        if any(project in elements(owner.acls.read(each, kind)) for kind in ("read", "write"))
    ]
    return f"segments stay open in {', '.join(left)}: see jsobj bucket show {left[0]}" if left else ""
