"""The reader's side of a ticket: where the place is by the reader's own login, and whether it really opens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.share.grants.ticket import Ticket
from jsobj.store.access import s3_access
from jsobj.store.location import Location
from jsobj.store.open import StoreRequest, open_store
from jsobj.urls import parse_url

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.identity.settings import Settings

_LOOKED_AT = 20  # keys


@dataclass(frozen=True, slots=True)
class Opened:
    """How the place is reached, and what was tried: ``read``, the key of an object that was; "" where there is none.

    ``listed``: whether names may be listed.
    """

    location: Location
    read: str
    listed: bool

    @property
    def tried(self) -> str:
        """In words."""
        if self.read:
            return f"{self.read} was read"
        return "the list was answered; nothing is there yet" if self.listed else "nothing"


def opened(settings: Settings, ticket: Ticket, request: StoreRequest) -> Opened:
    """Open what a ticket names, by keys where they open it, else by the login's token.

    Raises :class:`JsobjError`: refused (meant for another project; not open), not found (another object store), auth.
    """
    tried: list[JsobjError] = []
    ways = list(_ways(settings, ticket, request, tried))
    for location in ways:
        try:
            return _try(settings, location, request)
        except JsobjError as error:
            if error.code in {ExitCode.NETWORK, ExitCode.INTERRUPTED}:
                raise
            tried.append(error)
    raise _not_open(ticket, tried, bool(ways), same_login(cloud=request.cloud, profile=request.profile))


def _ways(settings: Settings, ticket: Ticket, request: StoreRequest, tried: list[JsobjError]) -> Iterator[Location]:
    """The names under which this login may reach it, the likeliest first; why one has none goes to ``tried``."""
    if not ticket.for_user and not ticket.swift:
        try:
            access = s3_access(settings, profile=request.profile, cloud=request.cloud)
        except JsobjError as error:
            tried.append(error)
            access = None
        if access is not None and str(access.origin) == ticket.server:
            names = {"yes": [True], "no": [False]}.get(ticket.tenants, [False, True])
            for tenant in names:
                yield Location("s3", f"{ticket.project}:{ticket.bucket}" if tenant else ticket.bucket, ticket.key)
        elif access is not None:
            tried.append(_elsewhere(f"the keys are for {access.origin}", ticket))
    try:
        keystone = request.keystone(settings)
    except JsobjError as error:
        tried.append(error)
        return
    _require_meant(ticket, keystone)
    url = keystone.login.swift_url
    origin = parse_url(url)[0]
    if ticket.server not in {str(origin), str(keystone.login.s3_origin)}:
        tried.append(_elsewhere(f"the login's object store is {origin}", ticket))
        return
    accounts = url.endswith(f"_{keystone.login.project.id}")
    yield Location("swift", f"{ticket.project}:{ticket.bucket}" if accounts else ticket.bucket, ticket.key)


def _require_meant(ticket: Ticket, keystone: Keystone) -> None:
    login = keystone.login
    wrong = ""
    if ticket.for_project and login.project.id != ticket.for_project:
        wrong = f"it is for project {ticket.for_project}, and this login is of project {_named(login.project)}"
    elif ticket.for_user and login.user.id != ticket.for_user:
        wrong = f"it is for user {ticket.for_user}, and this login is of user {_named(login.user)}"
    if wrong:
        raise JsobjError(
            "ticket-not-for-you",
            f"this ticket was not made for this login: {wrong}",
            code=ExitCode.REFUSED,
            hint="choose the login of that project: jsobj clouds list, then add --cloud NAME",
        )


def _named(one: object) -> str:
    return f"{getattr(one, 'name', '')} ({getattr(one, 'id', '')})"


def _elsewhere(mine: str, ticket: Ticket) -> JsobjError:
    return JsobjError("ticket-elsewhere", f"{mine}, and the ticket is for {ticket.server}", code=ExitCode.NOT_FOUND)


def _try(settings: Settings, location: Location, request: StoreRequest) -> Opened:
    """List and read, for real: the first bytes of one object."""
    from jsobj.net.body import BytesSink

    with contextlib.closing(open_store(settings, location, request)) as store:
        if location.many:
            names = [each.key for each in islice(store.list(location.key), _LOOKED_AT)]
            sample = next((name for name in names if not name.endswith("/")), "")
        else:
            sample = location.key
        if sample and store.head(sample).size:
            store.get(sample, BytesSink(), start=0, size=1)
    return Opened(location, sample, location.many)


def _not_open(ticket: Ticket, tried: list[JsobjError], asked: bool, at: str) -> JsobjError:
    context = "; ".join(
        dict.fromkeys(f"{each.message}{f' ({each.context})' if each.context else ''}" for each in tried)
    )
    if not asked:
        elsewhere = any(each.reference == "ticket-elsewhere" for each in tried)
        return JsobjError(
            "ticket-elsewhere" if elsewhere else "ticket-needs-login",
            f"no login or key here is for {ticket.server}",
            code=ExitCode.NOT_FOUND if elsewhere else ExitCode.AUTH,
            context=context,
            hint=("see your logins: jsobj clouds list, then add --cloud NAME", "or log in there: jsobj login RCFILE"),
        )
    return JsobjError(
        "ticket-not-open",
        "the server does not open it for this login",
        code=ExitCode.REFUSED,
        context=context,
        hint=f"ask {ticket.giver or 'who sent it'} to look: jsobj shares; your ids are in: jsobj whoami{at}",
    )
