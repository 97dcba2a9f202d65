"""How the workers of a run open their stores: by the names that this machine's login has, or with a token it lends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.packing.open import members_of, open_place
from jsobj.store.objects import Store
from jsobj.store.open import StoreRequest
from jsobj.store.values import StorePlace

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsobj.actions.stores import BucketStores
    from jsobj.net.retry import RetryPolicy
    from jsobj.store.location import Location
    from jsobj.store.swift.errors import AccountContext
    from jsobj.transfer.options import Options
    from jsobj.transfer.spread.crew import Crew


def crew_of(stores: BucketStores, location: Location, options: Options, tell: Callable[[str], object]) -> Crew | None:
    """The workers of ``--dask``; None without it. ``tell`` takes a warning.

    Raises :class:`JsobjError` (usage, auth) for what cannot be lent.
    """
    if not options.dask:
        return None
    from jsobj.transfer.spread.crew import Crew  # with what moves work to other machines: not loaded by other runs

    return Crew(options.dask, opener(stores, location, options, tell), options)


@dataclass(frozen=True, slots=True)
class Stores:
    """Several open stores by name, stopped and closed as one."""

    by_name: Mapping[int, Store]

    def stop(self) -> None:
        """Cut all connections."""
        for store in self.by_name.values():
            store.stop()

    def clear_up(self) -> None:
        """Abort the uploads that were under way."""
        for store in self.by_name.values():
            store.clear_up()

    def close(self) -> None:
        """Close the connections that are kept."""
        for store in self.by_name.values():
            store.close()


def open_all(openers: tuple[Callable[[RetryPolicy], Store], ...], retry: RetryPolicy) -> Stores:
    """Several stores that share one retry policy."""
    return Stores({number: open_one(retry) for number, open_one in enumerate(openers)})


def opener(
    stores: BucketStores, location: Location, options: Options, tell: Callable[[str], object]
) -> Callable[[RetryPolicy], Store]:
    """What opens the store of ``location`` on another machine; it can be pickled."""
    store = stores.of(location)
    if location.signed or location.query:
        raise BadUsage(
            "a signed link is a secret, and is not sent to other machines",
            hint="leave --dask out, or name the object: s3://BUCKET/KEY",
        )
    location = replace(location, dialect=store.place.dialect)
    request = stores.request
    if options.ship_credentials and not (request.unsigned or location.public):
        return _lender(stores, store, tell)
    return partial(_open_by_name, location, _names(stores.settings, request, store.place), store.place)


def _names(settings: Settings, request: StoreRequest, place: StorePlace) -> StoreRequest:
    """The login by the names that it has in files: what chose it here need not be the same elsewhere."""
    from jsobj.identity.current import chosen_cloud, chosen_profile

    cloud, profile = request.cloud, request.profile
    if not request.unsigned and place.dialect == "swift":
        cloud, profile = chosen_cloud(settings, cloud, profile).name, ""
    elif not request.unsigned and (cloud or profile or not settings.get("AWS_ACCESS_KEY_ID")):
        cloud, profile = "", chosen_profile(settings, profile=profile, cloud=cloud).name
    return StoreRequest(cloud, profile, request.unsigned, request.endpoint)


def _open_by_name(location: Location, request: StoreRequest, wanted: StorePlace, retry: RetryPolicy) -> Store:
    """On the worker, with its own files. Raises as :func:`jsobj.packing.open.open_place`, and where it is elsewhere."""
    try:
        store = open_place(Settings.read(), location, request, retry=retry)
    except JsobjError as error:
        if wanted.dialect != "swift":
            raise
        lend = "or lend the workers a token of this login: --ship-credentials"
        raise error.reworded(error.message, hint=(*error.hint_lines, lend)) from error
    found = store.place
    if (found.dialect, found.endpoint, found.account) != (wanted.dialect, wanted.endpoint, wanted.account):
        store.close()
        raise JsobjError(
            "worker-elsewhere",
            f"its files lead to {found.endpoint}, and this command is about {wanted.endpoint}",
            code=ExitCode.USAGE,
            hint="give the worker the same profile or cloud, or name one: --profile NAME, --cloud NAME",
        )
    return store


@dataclass(frozen=True, slots=True)
class _Lender:
    """Opens a store with a token of another machine's login, which does not show itself."""

    place: StorePlace
    who: AccountContext
    until: str
    verify: bool | str
    token: str = field(repr=False)

    def __call__(self, retry: RetryPolicy) -> Store:
        """On the worker."""
        from jsobj.net.connection.proxy import tunnel_for
        from jsobj.secret import Secret
        from jsobj.store.swift.store import SwiftStore
        from jsobj.store.swift.token_keeper import LentToken
        from jsobj.urls import parse_url

        proxy = tunnel_for(Settings.read().environ, parse_url(self.place.account)[0])
        lent = LentToken(Secret(self.token), self.who, self.until)
        store = SwiftStore(replace(self.place, archive=""), lent, verify=self.verify, proxy=proxy, retry=retry)
        return members_of(store, self.place.archive) if self.place.archive else store


def _lender(stores: BucketStores, store: Store, tell: Callable[[str], object]) -> _Lender:
    """With a token of this login. S3 has nothing that ends soon and that every server takes."""
    from jsobj.identity.keystone.client import verify_of
    from jsobj.store.swift.errors import account_context

    if store.place.dialect != "swift":
        raise BadUsage(
            "--ship-credentials lends a token, and S3 keys never end: they are not sent to other machines",
            hint=f"write swift://{store.place.bucket}, or put the profile on the workers and leave the option out",
        )
    keystone = stores.request.keystone(stores.settings)
    ends = keystone.login.token_expires
    until = ends.strftime("%Y-%m-%d %H:%M UTC") if ends is not None else "a time that is not known"
    who = account_context(keystone)
    tell(
        f"the workers are lent a token of this login, which can do all that it can in project '{who.project}' until "
        f"{until}; who runs the scheduler, or listens on a tcp:// connection to it, can read it"
    )
    return _Lender(store.place, who, until, verify_of(keystone, stores.settings), keystone.token.reveal())
