"""Requests of which those that read an object mean one version of it."""

from __future__ import annotations

from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.request import Reply
from jsobj.store.refusals import VERSION_NOT_FOUND
from jsobj.store.swift.containers import version_query
from jsobj.store.swift.requests import SwiftRequests
from jsobj.store.values import ObjectInfo

_READS = frozenset({"GET", "HEAD"})
_UNVERSIONED = frozenset({"null", ""})  # the id of what was uploaded before versions were kept


class OneVersion(SwiftRequests):
    """As :class:`SwiftRequests`; for the version with the id ``ident``. ``at``: the options of the same login."""

    def __init__(self, api: SwiftRequests, ident: str, at: str) -> None:
        super().__init__(api.session, api.root, api.bucket, public=api.public)
        self._ident = ident
        self._at = at

    def of(self, container: str) -> SwiftRequests:
        """Other containers hold what is read as it is: segments."""
        return self if container == self.bucket else super().of(container)

    def send(self, method: str, key: str | None = None, *, item: str = "", **more: Any) -> Reply:
        """Send a request, which means the version if it reads an object."""
        if key and method in _READS:
            more["query"] = (*more.get("query", ()), *version_query(self._ident))
        return super().send(method, key, item=item, **more)

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """Raises version not found, also where the server answered with another one, as Ceph RGW does."""
        try:
            info = super().head(key, etag)
        except JsobjError as error:
            if error.code in {ExitCode.NOT_FOUND, ExitCode.FAILURE, ExitCode.REFUSED}:
                raise self._missing(key, error.context or error.message) from error
            raise
        if info.version != self._ident and not {info.version, self._ident} <= _UNVERSIONED:
            answer = f"version '{info.version}'" if info.version else "what is current: Ceph has versions over S3 alone"
            raise self._missing(key, f"the server answers with {answer}")
        return info

    def _missing(self, key: str, context: str) -> JsobjError:
        return VERSION_NOT_FOUND.error("swift", self.bucket, key, context, self._at)
