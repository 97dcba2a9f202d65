"""Temporary URLs for other people, signed with the second key, so that a new one ends theirs and nothing else.

Swift and Ceph RGW check a temporary URL with two keys; :mod:`jsobj.store.swift.temp_url` signs with the first. The
second is the container's; it is the account's on RGW, which has no other, and on Swift where bytes lie in another
container. A signature may be for a prefix. Measured: Swift 2.38 signs ``prefix:`` and the path from ``/v1`` on; Ceph
RGW 16 the whole path, SHA-1 only. A temporary URL of that gateway that names no object ends its process: none is ever
made here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.request import Reply, Request
from jsobj.secret import Secret
from jsobj.store.swift.requests import READ, SwiftRequests
from jsobj.store.swift.temp_url import NO_ACCOUNT_KEY, Level, digest_of, is_rgw, key_in
from jsobj.urls import Origin

_SECOND = "temp-url-key-2"
_OK = frozenset({200, 201, 202, 204})


@dataclass(frozen=True, slots=True)
class LinkSigner:
    """``level``: whose key: ``container`` or ``account``. ``mark`` tells one key from another, and is no secret."""

    level: Level
    mark: str
    _secret: Secret
    _digest: str
    _origin: Origin
    _requests: SwiftRequests
    _whole_path: bool

    def url(self, method: str, key: str, ends: int) -> str:
        """A URL for one object until ``ends`` (seconds since 1970)."""
        path = self._requests.path(key)
        return f"{self._origin}{path}?{self._query(method, _from_version(unquote_path(path)), ends)}"

    def query(self, method: str, prefix: str, ends: int) -> str:
        """What stands behind the ``?`` of the URL of any object whose key begins with ``prefix``."""
        path = f"{unquote_path(self._requests.path())}/{prefix}"
        signed = path if self._whole_path else _from_version(path)
        asked = f"temp_url_prefix={quote(prefix, safe='')}"
        return f"{self._query(method, f'prefix:{signed}', ends)}&{asked}"

    def base(self, key: str) -> str:
        """The URL of an object, without what signs it."""
        return f"{self._origin}{self._requests.path(key)}"

    def _query(self, method: str, path: str, ends: int) -> str:
        text = f"{method}\n{ends}\n{path}".encode("utf-8", "surrogateescape")
        signature = hmac.new(self._secret.reveal().encode(), text, self._digest).hexdigest()
        return f"temp_url_sig={signature}&temp_url_expires={ends}"


def link_signer(
    api: SwiftRequests,
    origin: Origin,
    info: Mapping[str, Any],
    *,
    level: Level = "container",
    key: str = "",
    fresh: bool = False,
    at: str = "",
) -> LinkSigner:
    """Signs with the second key, which is made where there is none; with ``fresh`` anew, which ends all of its links.

    ``level``: whose key; in an account that has no key at all none is made, for it opens all containers. ``key``: the
    object that needs it, ``at``: the options that choose the login, both for the hint. ``info``: the server's
    ``/info``. Raises :class:`JsobjError`: refused where there are no temporary URLs, where the account has no key, or
    where the login may not see or set it.
    """
    feature = info.get("tempurl")
    if info and not isinstance(feature, dict):
        raise JsobjError("presign-off", "this object store offers no temporary URLs", code=ExitCode.REFUSED)
    holder = _holder(api, level)
    held = holder.headers()
    secret = "" if fresh else held.get(holder.header, "")
    if not secret:
        if holder.level == "account" and not holder.rgw and not key_in(held, "account"):
            raise NO_ACCOUNT_KEY.error("swift", api.bucket, key, at=at)
        secret = holder.make()
    if not secret:
        raise JsobjError(
            "links-no-key",
            f"this login may not set the key of the {holder.level} that signs links",
            code=ExitCode.REFUSED,
            hint="ask for a role that may write, or use S3 keys: jsobj ec2-creds",
        )
    return LinkSigner(holder.level, mark_of(secret), Secret(secret), digest_of(feature), origin, api, holder.rgw)


def link_mark(api: SwiftRequests, level: Level) -> str:
    """The mark of the second key that is there now, "" where there is none."""
    holder = _holder(api, level)
    secret = holder.headers().get(holder.header, "")
    return mark_of(secret) if secret else ""


@dataclass(frozen=True, slots=True)
class _Holder:
    """What has the second key: a container, or an account. ``rgw``: of Ceph, which looks at accounts alone."""

    level: Level
    rgw: bool
    _api: SwiftRequests

    @property
    def header(self) -> str:
        """The name of the header that has the key."""
        return f"x-{self.level}-meta-{_SECOND}"

    def headers(self) -> Mapping[str, str]:
        """Those of the container or the account."""
        return self._send("HEAD", expect=READ).headers

    def make(self) -> str:
        """A new key: what the server has then, should another have made one at the same time."""
        self._send("POST", expect=_OK, headers={self.header: secrets.token_hex(24)})
        return self.headers().get(self.header, "")

    def _send(self, method: str, **more: Any) -> Reply:
        api = self._api
        path = api.root if self.level == "account" else api.path()
        return api.session.send(Request(method, path, item=f"swift://{api.bucket}", bucket=api.bucket, **more))


def _holder(api: SwiftRequests, level: Level) -> _Holder:
    rgw = is_rgw(api.send("HEAD", expect=READ).headers)
    return _Holder("account" if rgw else level, rgw, api)


def mark_of(secret: str) -> str:
    """Eight digits that tell a key of 192 random bits from another."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


def unquote_path(path: str) -> str:
    """A path as the server sees it."""
    return unquote(path, errors="surrogateescape")


def _from_version(path: str) -> str:
    return path[path.index("/v1") :] if "/v1" in path else path
