"""Containers over the Swift API with a Keystone token: made, listed, shown, emptied, deleted.

This dialect needs no EC2 keys: it works with every login, also where Keystone refuses keys to application credentials.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from jsobj.errors import BucketNotEmpty, ExitCode, JsobjError
from jsobj.net.session import Session
from jsobj.store.buckets import Bucket
from jsobj.store.swift import containers
from jsobj.store.swift.errors import account_context
from jsobj.store.swift.requests import CREATED, GONE, READ, SwiftDialect, SwiftRequests
from jsobj.store.swift.temp_url import is_rgw
from jsobj.store.swift.token_keeper import TokenKeeper
from jsobj.store.swift.verdict import not_swift
from jsobj.store.values import StorePlace
from jsobj.urls import parse_url

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.store.swift.containers import Entry

_PARALLEL = 8
_PAGE = 1000  # objects or versions that are deleted before the next are asked for
_SEGMENTS_SECONDS = 180.0  # without a byte: the server deletes the segments before it answers
_PATIENCE = 5  # how often the same listing may come back after everything in it was deleted
_LAG_SECONDS = 1.0


class SwiftAccount:
    """The containers of a login's project.

    ``verify``: False, True or the path of a CA file; ``proxy``: a URL, "" for none.
    """

    def __init__(self, keystone: Keystone, *, verify: bool | str = True, proxy: str = "") -> None:
        login = keystone.login
        self.place = StorePlace("swift", "", login.swift_url, f"a token of {login.user.name}", login.project.name)
        origin, path = parse_url(login.swift_url)
        dialect = SwiftDialect(TokenKeeper(keystone), account_context(keystone))
        self._account = SwiftRequests(Session(origin, dialect, verify=verify, proxy=proxy), path.rstrip("/"), "")

    def create(self, name: str) -> bool:
        """Swift answers 201 for a new container and 202 for one that was there."""
        return self._account.of(name).send("PUT", expect=CREATED).status == 201

    def list(self) -> Iterator[Bucket]:
        """All containers of the project, by name, page by page."""
        return containers.account_containers(self._account)

    def show(self, name: str) -> Bucket:
        """One container, from its headers."""
        headers = containers.headers_of(self._account.of(name))
        counted = containers.container_totals(headers)
        if counted.objects is None:
            raise not_swift(name, "an answer that is not about a container")
        return Bucket(
            name,
            "swift",
            objects=counted.objects,
            size=counted.size,
            versioning=containers.versioning(headers),
            read_acl=headers.get("x-container-read", ""),
        )

    def delete(self, name: str) -> None:
        """Delete an empty container, and the one of its segments where that is empty too."""
        api = self._account.of(name)
        try:
            api.send("DELETE")
        except BucketNotEmpty as error:
            if containers.first_entries(api, limit=1):
                raise
            raise _invisible(name, error.context) from error
        with suppress(JsobjError):  # none, or not empty, or not ours to delete: the one that was named is gone
            self._account.of(f"{name}_segments").send("DELETE")

    def empty(self, name: str, deleted: Callable[[int], None]) -> int:
        """Delete all objects; a large object (SLO) goes with its segments, an object with all its versions."""
        from jsobj.parallel_map import parallel_map

        api = self._account.of(name)
        headers = containers.headers_of(api)
        # The header is there, true or false, where versions were ever kept (Swift's object versioning API).
        versioned = "x-versions-enabled" in headers
        delete = partial(_delete, api, look=is_rgw(headers))
        total = idle = 0
        before: list[Entry] = []
        while page := containers.first_entries(api, versions=versioned, limit=_PAGE):
            idle = idle + 1 if page == before else 0
            if idle > _PATIENCE:
                raise _not_emptied(name, len(page))
            time.sleep(idle * _LAG_SECONDS)  # a listing may lag behind what was deleted
            list(parallel_map(delete, page, _PARALLEL, stop=api.session.stop))
            total += 0 if idle else len(page)
            before = page
            deleted(total)
        return total


def _delete(api: SwiftRequests, entry: Entry, *, look: bool) -> None:
    """``look``: the listing does not mark the manifest of an SLO, so HEAD each object."""
    large = entry.slo or (look and _is_slo(api, entry.key))
    version = containers.version_query(entry.version) if entry.version else ()
    query = ((("multipart-manifest", "delete"),) if large else ()) + version
    api.send("DELETE", entry.key, query=query, expect=GONE, idle=_SEGMENTS_SECONDS)


def _is_slo(api: SwiftRequests, key: str) -> bool:
    headers = api.send("HEAD", key, expect=READ | GONE).headers
    return headers.get("x-static-large-object", "").lower() == "true"


def _invisible(name: str, context: str) -> JsobjError:
    """RGW keeps the versions of S3 where its Swift API lists nothing; Swift's own listings may lag behind."""
    return BucketNotEmpty(
        f"container '{name}' lists no objects, but is not empty: S3 keeps old versions in it, or the listing lags",
        context=context,
        hint=f"through S3, which shows versions: jsobj bucket delete s3://{name} --recursive; "
        "or wait a minute and try again",
    )


def _not_emptied(name: str, count: int) -> JsobjError:
    return JsobjError(
        "bucket-not-emptied",
        f"container '{name}' still lists {count} object(s) that were deleted",
        code=ExitCode.NETWORK,
        hint="its listing may lag behind: run the same command again in a minute",
    )
