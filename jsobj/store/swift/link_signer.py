"""Temporary URLs for other people, signed with the second key, so that a new one ends theirs and nothing else.

Swift and Ceph RGW check a temporary URL with two keys; :mod:`jsobj.store.swift.temp_url` signs with the first. The
second is the container's (on RGW the account's, which has no other), and a signature may be for a prefix. Measured:
Swift 2.38 signs ``prefix:`` and the path from ``/v1`` on; Ceph RGW 16 the whole path, SHA-1 only. A temporary URL of
that gateway that names no object ends its process: none is ever made here.
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
from jsobj.net.request import Request
from jsobj.secret import Secret
from jsobj.store.swift.requests import READ, SwiftRequests
from jsobj.store.swift.temp_url import digest_of, is_rgw
from jsobj.urls import Origin

_SECOND = "temp-url-key-2"
_OK = frozenset({200, 201, 202, 204})


@dataclass(frozen=True, slots=True)
class LinkSigner:
    """``level``: whose key: ``container`` or ``account``. ``mark`` tells one key from another, and is no secret."""

    level: str
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


def link_signer(api: SwiftRequests, origin: Origin, info: Mapping[str, Any], *, fresh: bool = False) -> LinkSigner:
    """Signs with the second key, which is made where there is none; with ``fresh`` anew, which ends all of its links.

    ``info``: the server's ``/info``. Raises :class:`JsobjError`: refused where there are no temporary URLs, or where
    the login may not see or set the key.
    """
    feature = info.get("tempurl")
    if info and not isinstance(feature, dict):
        raise JsobjError("presign-off", "this object store offers no temporary URLs", code=ExitCode.REFUSED)
    rgw = is_rgw(api.send("HEAD", expect=READ).headers)
    path, level = (api.root, "account") if rgw else (api.path(), "container")
    header = f"x-{level}-meta-{_SECOND}"

    def held() -> str:
        found = api.session.send(Request("HEAD", path, item=f"swift://{api.bucket}", bucket=api.bucket, expect=READ))
        return found.headers.get(header, "")

    secret = "" if fresh else held()
    if not secret:
        made = {header: secrets.token_hex(24)}
        api.session.send(Request("POST", path, headers=made, item=f"swift://{api.bucket}", expect=_OK))
        secret = held()  # what the server has, should another have made one at the same time
    if not secret:
        raise JsobjError(
            "links-no-key",
            f"this login may not set the key of the {level} that signs links",
            code=ExitCode.REFUSED,
            hint="ask for a role that may write, or use S3 keys: jsobj ec2-creds",
        )
    return LinkSigner(level, mark_of(secret), Secret(secret), digest_of(feature), origin, api, rgw)


def mark_of(secret: str) -> str:
    """Eight digits that tell a key of 192 random bits from another."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


def unquote_path(path: str) -> str:
    """A path as the server sees it."""
    return unquote(path, errors="surrogateescape")


def _from_version(path: str) -> str:
    return path[path.index("/v1") :] if "/v1" in path else path
