"""Requests of which those that read an object mean one version of it."""

from __future__ import annotations

from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.net.request import Reply
from jsobj.store.refusals import VERSION_NOT_FOUND
from jsobj.store.s3.requests import S3Requests
from jsobj.store.values import ObjectInfo

_READS = frozenset({"GET", "HEAD"})
_UNVERSIONED = "null"  # the id of what was uploaded before versions were kept


class OneVersion(S3Requests):
    """As :class:`S3Requests`; for the version with the id ``ident``."""

    def __init__(self, api: S3Requests, ident: str) -> None:
        super().__init__(api.session, api.access, api.bucket)
        self._ident = ident

    def send(self, method: str, key: str = "", **more: Any) -> Reply:
        """Send a request, which means the version if it reads an object."""
        if key and method in _READS:
            more["query"] = (*more.get("query", ()), ("versionId", self._ident))
        return super().send(method, key, **more)

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """Raises version not found, also where the server answered with another one."""
        try:
            info = super().head(key, etag)
        except JsobjError as error:
            if error.code in {ExitCode.NOT_FOUND, ExitCode.FAILURE, ExitCode.REFUSED, ExitCode.USAGE}:
                raise self._missing(key, error.context or error.message) from error
            raise
        if info.version != self._ident.replace(_UNVERSIONED, ""):
            raise self._missing(key, f"the server answers with version '{info.version}'")
        return info

    def _missing(self, key: str, context: str) -> JsobjError:
        at = same_login(profile=self.access.profile)
        return VERSION_NOT_FOUND.error("s3", self.bucket, key, context, at)
