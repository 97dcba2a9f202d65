"""Containers over the Swift API, through python-swiftclient, with a Keystone token.

This dialect needs no EC2 keys: it works with every login, also where Keystone refuses keys to application credentials.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.keystone import Keystone
from jsobj.store.buckets import Bucket, Place

_PARALLEL = 8
_RETRIES = 3
_SECONDS = 60.0
_PATIENCE = 5  # how often the same listing may come back after everything in it was deleted
_LAG_SECONDS = 1.0


class SwiftAccount:
    """The containers of a login's project. ``verify``: False, True or the path of a CA file."""

    def __init__(self, keystone: Keystone, *, verify: bool | str = True) -> None:
        self._keystone = keystone
        self._verify = verify
        self._url = keystone.login.swift_url
        self._connection = self._connect()

    def _connect(self) -> Any:
        from swiftclient import Connection

        return Connection(
            preauthurl=self._url,
            preauthtoken=self._keystone.token.reveal(),
            retries=_RETRIES,
            max_backoff=8,
            timeout=_SECONDS,
            insecure=self._verify is False,
            cacert=self._verify if isinstance(self._verify, str) else None,
            retry_on_ratelimit=True,
            force_auth_retry=False,
        )

    @property
    def place(self) -> Place:
        """Project and endpoint."""
        login = self._keystone.login
        return Place("swift", login.project.name, self._url, f"a token of {login.user.name}")

    def create(self, name: str) -> bool:
        """Swift answers 201 for a new container and 202 for one that was there."""
        answer: dict[str, Any] = {}
        with self._translated(name):
            self._connection.put_container(name, response_dict=answer)
        return int(answer.get("status", 0)) == 201

    def list(self) -> Iterator[Bucket]:
        """All containers of the project, page by page."""
        marker = ""
        while True:
            with self._translated(""):
                _, page = self._connection.get_account(marker=marker, limit=1000)
            for item in page:
                yield Bucket(str(item["name"]), "swift", objects=int(item["count"]), size=int(item["bytes"]))
            if not page:
                return
            marker = str(page[-1]["name"])

    def show(self, name: str) -> Bucket:
        """One container, from its headers."""
        with self._translated(name):
            headers = self._connection.head_container(name)
        return Bucket(
            name,
            "swift",
            objects=int(headers.get("x-container-object-count", 0)),
            size=int(headers.get("x-container-bytes-used", 0)),
            versioning="on" if headers.get("x-versions-enabled", "").lower() == "true" else "off",
            read_acl=str(headers.get("x-container-read", "")),
        )

    def delete(self, name: str) -> None:
        """Delete an empty container."""
        with self._translated(name):
            self._connection.delete_container(name)

    def empty(self, name: str, deleted: Callable[[int], None]) -> int:
        """Delete all objects; a large object (SLO) goes with its segments, an object with all its versions."""
        total = idle = 0
        before: list[dict[str, Any]] = []
        with self._translated(name):
            # The header is there, true or false, where versions were ever kept (Swift's object versioning API).
            versioned = "x-versions-enabled" in self._connection.head_container(name)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            while True:
                with self._translated(name):
                    query = "versions" if versioned else None
                    _, page = self._connection.get_container(name, limit=1000, query_string=query)
                    if not page:
                        return total
                    idle = idle + 1 if page == before else 0
                    if idle > _PATIENCE:
                        raise _not_emptied(name, len(page))
                    time.sleep(idle * _LAG_SECONDS)  # a listing may lag behind what was deleted
                    list(pool.map(lambda item: self._delete_object(name, item), page))
                total += 0 if idle else len(page)
                before = page
                deleted(total)

    def _delete_object(self, container: str, item: dict[str, Any]) -> None:
        from swiftclient import ClientException

        # One connection a call: a swiftclient connection must not be shared between threads.
        connection = self._connect()
        words = {"multipart-manifest": "delete"} if "slo_etag" in item else {}
        if "version_id" in item:
            words["version-id"] = str(item["version_id"])
        query = urlencode(words) or None
        try:
            connection.delete_object(container, item["name"], query_string=query)
        except ClientException as error:
            if error.http_status != 404:  # gone already, which was the aim
                raise
        finally:
            connection.close()

    @contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        import requests
        from swiftclient import ClientException

        try:
            yield
        except ClientException as error:
            raise _explain(error, name, self._keystone) from error
        except requests.RequestException as error:
            raise JsobjError(
                "swift-unreachable",
                f"cannot speak with {self._url}",
                code=ExitCode.NETWORK,
                context=type(error).__name__,
                hint="check the network and try again",
            ) from error


def _not_emptied(name: str, count: int) -> JsobjError:
    return JsobjError(
        "bucket-not-emptied",
        f"container '{name}' still lists {count} object(s) that were deleted",
        code=ExitCode.NETWORK,
        hint="its listing may lag behind: run the same command again in a minute",
    )


def _explain(error: Any, name: str, keystone: Keystone) -> JsobjError:
    status = int(error.http_status or 0)
    headers = error.http_response_headers or {}
    said = (error.http_reason or "", headers.get("x-trans-id", ""))
    context = " ".join((f"HTTP {status}", *(part for part in said if part)))
    if status == 404:
        hint = "see what there is: jsobj bucket list swift://"
        return JsobjError(
            "bucket-not-found", f"there is no container '{name}'", code=ExitCode.NOT_FOUND, context=context, hint=hint
        )
    if status == 409:
        hint = f"to delete it with everything in it: jsobj bucket delete swift://{name} --recursive --yes"
        return JsobjError(
            "bucket-not-empty", f"container '{name}' is not empty", code=ExitCode.REFUSED, context=context, hint=hint
        )
    if status == 403:
        roles = ", ".join(keystone.login.roles) or "none"
        message = f"your role in project {keystone.login.project.name} ({roles}) does not allow this"
        hint = "ask the project's manager for the role 'member'"
        return JsobjError("bucket-forbidden", message, code=ExitCode.REFUSED, context=context, hint=hint)
    if status == 401:
        hint = "log in again: jsobj login RCFILE"
        return JsobjError(
            "token-refused", "the object store refuses the token", code=ExitCode.AUTH, context=context, hint=hint
        )
    if status in {413, 507}:
        return JsobjError("quota", "the project's quota is used up", code=ExitCode.REFUSED, context=context)
    if status == 0 or status == 429 or status >= 500:
        hint = "try again in a minute"
        return JsobjError(
            "swift-busy",
            "the object store did not answer as it should",
            code=ExitCode.NETWORK,
            context=context,
            hint=hint,
        )
    return JsobjError("swift-failed", "the object store refuses this request", code=ExitCode.FAILURE, context=context)
