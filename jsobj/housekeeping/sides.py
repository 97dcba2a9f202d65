"""The two ways to one bucket, S3 with keys and Swift with a login: each can do what the other cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.packing.open import require_objects
from jsobj.store.access import other_account
from jsobj.store.s3.store import S3Store
from jsobj.store.s3.versions import totals
from jsobj.store.swift.containers import headers_of
from jsobj.store.swift.store import SwiftStore
from jsobj.store.swift.temp_url import is_rgw
from jsobj.urls import parse_url

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.store.location import Location
    from jsobj.store.objects import Store

CEPH = "ceph-rgw"
SWIFT = "swift"


@dataclass(frozen=True, slots=True)
class Sides:
    """How a bucket can be reached. At least one way is there; ``no_keys`` and ``no_login`` say why the other is not.

    ``server``: ``ceph-rgw``, ``swift`` or ``unknown``. ``typed``: the dialect that was named, or "".
    """

    bucket: str
    server: str
    s3: S3Store | None
    swift: SwiftStore | None
    no_keys: str = ""
    no_login: str = ""
    typed: str = ""

    @property
    def first(self) -> Store:
        """The store for what both can do."""
        found = (self.swift or self.s3) if self.typed == "swift" else (self.s3 or self.swift)
        assert found is not None
        return found


def sides_of(location: Location, open_store: Callable[[Location], Store], log_in: Callable[[], Keystone]) -> Sides:
    """Both ways, as far as there are keys and a login of the same account.

    Raises :class:`JsobjError`: auth where there is neither, not found where there is no such bucket, usage for what is
    in an archive.
    """
    s3, no_keys = _opened(replace(location, dialect="s3"), open_store)
    swift, no_login = _opened(replace(location, dialect="swift"), open_store)
    for side in (s3, swift):
        if side is not None:
            require_own(side)
    assert isinstance(s3, S3Store | None)
    assert isinstance(swift, SwiftStore | None)
    if s3 is None and swift is None:
        open_store(location)  # raises what is missing
    if s3 is not None and swift is not None:
        no_login = _other(s3, log_in())
        swift = None if no_login else swift
    server = ""
    if s3 is not None:
        try:
            server = totals(s3.requests)[1]
        except JsobjError as error:
            if swift is None or error.code in {ExitCode.NETWORK, ExitCode.AUTH}:
                raise
            s3, no_keys = None, error.message  # Swift allows more names than S3 does
    if not server:
        assert swift is not None
        server = CEPH if is_rgw(headers_of(swift.requests)) else SWIFT
    return Sides(location.bucket, server, s3, swift, no_keys, no_login, location.dialect)


def require_own(store: Store) -> None:
    """Raise usage for what is in an archive: what is told of objects and buckets is not told of members."""
    require_objects(store, "has no versions, segments or settings of its own")


def _opened(location: Location, open_store: Callable[[Location], Store]) -> tuple[Store | None, str]:
    try:
        return open_store(location), ""
    except JsobjError as error:
        return None, error.message


def _other(s3: S3Store, keystone: Keystone) -> str:
    login = keystone.login
    return other_account(s3.requests.access, (parse_url(login.swift_url)[0], login.s3_origin), login.project)
