"""Containers over the Swift API, through python-swiftclient, with a Keystone token.

This dialect needs no EC2 keys: it works with every login, also where Keystone refuses keys to application credentials.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

from jsobj.errors import BucketNotEmpty, ExitCode, JsobjError
from jsobj.identity.keystone.client import Keystone
from jsobj.net.connection.watched import watch_requests
from jsobj.store.bucket_list import swift_containers
from jsobj.store.buckets import Bucket
from jsobj.store.objects import StorePlace
from jsobj.store.swift.errors import translate_errors
from jsobj.store.swift.temp_url import is_rgw

_PARALLEL = 8
_RETRIES = 3
_SECONDS = 30.0
_PATIENCE = 5  # how often the same listing may come back after everything in it was deleted
_LAG_SECONDS = 1.0


def through(proxy: str, **options: Any) -> Any:
    """A ``swiftclient.Connection`` that goes through ``proxy`` ("": through none), whatever requests would choose."""
    from swiftclient import Connection

    class Through(Connection):  # type: ignore[misc]
        def http_connection(self, url: str | None = None) -> Any:
            parsed, connection = super().http_connection(url)
            watch_requests(connection.request_session)
            connection.request_session.trust_env = False
            connection.requests_args["proxies"] = {parsed.scheme: proxy} if proxy else {}
            return parsed, connection

    return Through(**options)


class SwiftAccount:
    """The containers of a login's project.

    ``verify``: False, True or the path of a CA file; ``proxy``: a URL, "" for none.
    """

    def __init__(self, keystone: Keystone, *, verify: bool | str = True, proxy: str = "") -> None:
        self._keystone = keystone
        self._verify = verify
        self._proxy = proxy
        login = keystone.login
        self.place = StorePlace("swift", "", login.swift_url, f"a token of {login.user.name}", login.project.name)
        self._connection = self._connect()

    def _connect(self) -> Any:
        return through(
            self._proxy,
            preauthurl=self.place.endpoint,
            preauthtoken=self._keystone.token.reveal(),
            retries=_RETRIES,
            max_backoff=8,
            timeout=_SECONDS,
            insecure=self._verify is False,
            cacert=self._verify if isinstance(self._verify, str) else None,
            retry_on_ratelimit=True,
            force_auth_retry=False,
        )

    def create(self, name: str) -> bool:
        """Swift answers 201 for a new container and 202 for one that was there."""
        answer: dict[str, Any] = {}
        with translate_errors(self._keystone, name, "create"):
            self._connection.put_container(name, response_dict=answer)
        return int(answer.get("status", 0)) == 201

    def list(self) -> Iterator[Bucket]:
        """All containers of the project, page by page."""
        return swift_containers(self._keystone, verify=self._verify, proxy=self._proxy)

    def show(self, name: str) -> Bucket:
        """One container, from its headers."""
        with translate_errors(self._keystone, name):
            headers = self._connection.head_container(name)
        return Bucket(
            name,
            "swift",
            objects=int(headers.get("x-container-object-count", 0)),
            size=int(headers.get("x-container-bytes-used", 0)),
            versioning=_versioning(headers),
            read_acl=str(headers.get("x-container-read", "")),
        )

    def delete(self, name: str) -> None:
        """Delete an empty container."""
        try:
            with translate_errors(self._keystone, name):
                self._connection.delete_container(name)
        except BucketNotEmpty as error:
            with translate_errors(self._keystone, name):
                listed = self._connection.get_container(name, limit=1)[1]
            if listed:
                raise
            raise _invisible(name, error.context) from error

    def empty(self, name: str, deleted: Callable[[int], None]) -> int:
        """Delete all objects; a large object (SLO) goes with its segments, an object with all its versions."""
        total = idle = 0
        before: list[dict[str, Any]] = []
        with translate_errors(self._keystone, name):
            headers = self._connection.head_container(name)
        # The header is there, true or false, where versions were ever kept (Swift's object versioning API).
        versioned = "x-versions-enabled" in headers
        look = is_rgw(headers)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            while True:
                with translate_errors(self._keystone, name):
                    query = "versions" if versioned else None
                    _, page = self._connection.get_container(name, limit=1000, query_string=query)
                    if not page:
                        return total
                    idle = idle + 1 if page == before else 0
                    if idle > _PATIENCE:
                        raise _not_emptied(name, len(page))
                    time.sleep(idle * _LAG_SECONDS)  # a listing may lag behind what was deleted
                    list(pool.map(lambda item: self._delete_object(name, item, look), page))
                total += 0 if idle else len(page)
                before = page
                deleted(total)

    def _delete_object(self, container: str, item: dict[str, Any], look: bool) -> None:
        """``look``: the listing does not mark the manifest of an SLO, so HEAD each object."""
        from swiftclient import ClientException

        # One connection a call: a swiftclient connection must not be shared between threads.
        connection = self._connect()
        try:
            large = "slo_etag" in item or (look and _is_slo(connection.head_object(container, item["name"])))
            words = {"multipart-manifest": "delete"} if large else {}
            if "version_id" in item:
                words["version-id"] = str(item["version_id"])
            connection.delete_object(container, item["name"], query_string=urlencode(words) or None)
        except ClientException as error:
            if error.http_status != 404:  # gone already, which was the aim
                raise
        finally:
            connection.close()


def _versioning(headers: Mapping[str, str]) -> str:
    """RGW's Swift API does not show whether versions are kept over S3: unknown, rather than "off"."""
    if headers.get("x-versions-enabled", "").lower() == "true":
        return "on"
    return "" if is_rgw(headers) else "off"


def _is_slo(headers: Mapping[str, str]) -> bool:
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
