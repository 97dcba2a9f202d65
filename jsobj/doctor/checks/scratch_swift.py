"""Scratch containers over the Swift API, with python-swiftclient and the login's token."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from typing import Any

from jsobj.errors import JsobjError
from jsobj.identity.keystone.client import Keystone
from jsobj.store.swift.bucket_admin import through
from jsobj.store.swift.errors import translated

TEMP_URL_KEYS = ("temp-url-key", "temp-url-key-2")
_SECONDS = 20.0  # for one answer
_LISTINGS = 3  # how often a container may seem not to be empty: its count may lag behind
_LAG = 1.0  # seconds between


class SwiftContainers:
    """The containers of a login's project. A connection of swiftclient's belongs to one thread: see :meth:`connected`.

    The key for temporary URLs is given to a container as it is made, and so never to the user's account.
    """

    scheme = "swift"

    def __init__(self, keystone: Keystone, *, verify: bool | str = True, proxy: str = "") -> None:
        self._keystone = keystone
        self._verify = verify
        self._proxy = proxy

    @contextlib.contextmanager
    def connected(self) -> Iterator[Any]:
        """A ``swiftclient.Connection`` for the time of the block. Its exceptions are not translated."""
        connection = through(
            self._proxy,
            preauthurl=self._keystone.login.swift_url,
            preauthtoken=self._keystone.token.reveal(),
            retries=1,
            timeout=_SECONDS,
            insecure=self._verify is False,
            cacert=self._verify if isinstance(self._verify, str) else None,
        )
        try:
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def _translated(self, container: str, verb: str = "") -> Iterator[Any]:
        with translated(self._keystone, container, verb), self.connected() as connection:
            yield connection

    def require(self, bucket: str) -> None:
        """Raise where there is no such container."""
        with self._translated(bucket) as connection:
            connection.head_container(bucket)

    def create(self, bucket: str) -> None:
        """Make it, with a key of its own for temporary URLs."""
        with self._translated(bucket, "create") as connection:
            headers = {f"X-Container-Meta-{TEMP_URL_KEYS[0]}": secrets.token_hex(24)}
            connection.put_container(bucket, headers=headers)

    def clear(self, bucket: str, prefix: str) -> None:
        """Delete objects; the segments of large ones are objects in the same container."""
        from swiftclient import ClientException

        with self._translated(bucket) as connection:
            for item in connection.get_container(bucket, prefix=prefix or None)[1]:
                try:
                    connection.delete_object(bucket, item["name"])
                except ClientException as error:
                    if error.http_status != 404:  # gone already: the listing lags behind
                        raise

    def delete(self, bucket: str) -> None:
        """Delete the empty container."""
        for attempt in range(1, _LISTINGS + 1):
            try:
                with self._translated(bucket) as connection:
                    connection.delete_container(bucket)
                return
            except JsobjError as error:
                if error.reference != "bucket-not-empty" or attempt == _LISTINGS:
                    raise
                time.sleep(_LAG)

    def remains(self, bucket: str, prefix: str) -> bool:
        """Whether something is left below ``prefix``; without one, whether the container is."""
        with self._translated(bucket) as connection:
            if prefix:
                return bool(connection.get_container(bucket, prefix=prefix)[1])
            return bucket in {item["name"] for item in connection.get_account(prefix=bucket)[1]}
