"""Buckets over S3: made, listed, shown, emptied, deleted.

No LocationConstraint is ever sent, on purpose: a region's name there is refused by Ceph RGW unless it is the
zonegroup's, and none works everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timezone
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING

from jsobj.ec2_keys.s3_account import read_buckets
from jsobj.errors import BucketIsThere, EndpointUnreachable, ExitCode, JsobjError, NotObjectStore
from jsobj.net.request import Request
from jsobj.net.session import Session
from jsobj.store.access import S3Access
from jsobj.store.buckets import Bucket, Version
from jsobj.store.s3.requests import S3Dialect, S3Requests
from jsobj.store.values import StorePlace

if TYPE_CHECKING:
    from jsobj.store.s3.store import S3Store

_GONE = frozenset({200, 204})
_PARALLEL = 8
_PAGE = 1000  # objects or versions that are deleted before the next are asked for
_TOGETHER = 100  # objects of one request
_COUNTED = 10_000  # objects at most that show() counts where the server gives no totals
# Swift's s3api knows no creation dates and gives this one for every bucket: it is not shown.
_SWIFT_PLACEHOLDER = datetime(2009, 2, 3, 16, 45, 9, tzinfo=timezone.utc)


class S3Account:
    """The buckets that one key sees. ``proxy``: a URL, "" for none."""

    def __init__(self, access: S3Access, *, proxy: str) -> None:
        self._access = access
        self._proxy = proxy
        self._session = Session(access.origin, S3Dialect(access), verify=access.verify, proxy=proxy)
        self.place = StorePlace("s3", "", str(access.origin), access.where, access.project)

    def _of(self, name: str) -> S3Requests:
        return S3Requests(self._session, self._access, name)

    def create(self, name: str) -> bool:
        """Create without a LocationConstraint. RGW answers 200 for one's own bucket, so look first."""
        api = self._of(name)
        existed = _exists(api)
        try:
            reply = api.send("PUT")
        except BucketIsThere:
            return False
        if not reply.request_id:  # a proxy drops it, or a portal answers everything: whose page is no document of S3
            from jsobj.store.s3 import versions

            versions.state(api)
        return not existed

    def list(self) -> Iterator[Bucket]:
        """All buckets of the project, by name: one answer, which neither Swift nor Ceph RGW cuts into pages."""
        reply = self._session.send(Request("GET", "/", item="the buckets"))
        listed = read_buckets(reply)
        if listed is None:
            raise NotObjectStore(
                f"what answers at {self._access.origin} is not an S3 server",
                context=f"its answer to ListBuckets: {reply.text[:100]}",
                hint="check the endpoint: jsobj endpoint",
            )
        yield from (Bucket(name, "s3", _true(created)) for name, created in sorted(listed.buckets, key=itemgetter(0)))

    def show(self, name: str) -> Bucket:
        """Counts come from RGW's headers where there are any, else from listing up to 10 000 objects."""
        from jsobj.store.s3 import versions

        api = self._of(name)
        state = versions.state(api)  # before HEAD, whose answer has no body that would say what is wrong
        counted, _ = versions.totals(api)
        objects, size, more = counted.objects, counted.size, False
        if objects is None or size is None:
            objects, size, more = _count(api)
        created = next((bucket.created for bucket in self.list() if bucket.name == name), None)
        return Bucket(name, "s3", created, objects, size, at_least=more, versioning=state or "off")

    def delete(self, name: str) -> None:
        """Delete an empty bucket."""
        self._of(name).send("DELETE", expect=_GONE)

    def empty(self, name: str, deleted: Callable[[int], None]) -> int:
        """Abort unfinished uploads, then delete all objects, or every version of them, page by page."""
        from jsobj.parallel_map import parallel_map
        from jsobj.store.s3.store import S3Store

        total = 0
        with closing(S3Store(self._access, name, proxy=self._proxy)) as store:
            for upload in list(store.uploads()):
                store.abort(upload)
            for page in _pages(store):
                together = [page[start : start + _TOGETHER] for start in range(0, len(page), _TOGETHER)]
                list(parallel_map(partial(_delete, store), together, _PARALLEL, stop=store.stop))
                total += len(page)
                deleted(total)
        return total


def _exists(api: S3Requests) -> bool:
    try:
        api.send("HEAD")
    except JsobjError as error:
        if error.code is ExitCode.NETWORK:
            raise
        return False  # not there, or another project's: creating it says which, and has a body to say it in
    return True


def _true(created: datetime | None) -> datetime | None:
    return None if created is None or created.replace(microsecond=0) == _SWIFT_PLACEHOLDER else created


def _count(api: S3Requests) -> tuple[int, int, bool]:
    """Objects, their bytes, and whether there are more."""
    from jsobj.store.s3.listing import objects

    listed = objects(api)
    sizes = [item.size for item in islice(listed, _COUNTED)]
    return len(sizes), sum(sizes), next(listed, None) is not None


def _pages(store: S3Store) -> Iterator[list[Version]]:
    """All versions, where there ever were any; else the objects, without an id."""
    from jsobj.store.s3 import versions

    if not versions.state(store.requests):
        listed = store.list()
        while page := [Version(item.key, "") for item in islice(listed, _PAGE)]:
            yield page
        return
    before: list[Version] = []
    while True:
        # Always the first page: Ceph RGW 16 skips versions behind a marker that was deleted.
        page = list(islice(versions.versions(store.requests, limit=_PAGE), _PAGE))
        if page in ([], before):
            return
        yield page
        before = page


def _delete(store: S3Store, together: Sequence[Version]) -> None:
    """Objects by one request, as far as it confirms them; all others, and versions, one by one."""
    from jsobj.store.s3.versions import delete_version

    gone: Collection[str] = ()
    try:
        gone = store.delete_many([each.key for each in together if not each.id])
    except EndpointUnreachable:
        raise
    except JsobjError:  # what is wrong with it, or with one of them, DELETE tells
        pass
    for each in together:
        if each.id:
            delete_version(store.requests, each.key, each.id)
        elif each.key not in gone:
            store.delete(each.key)
