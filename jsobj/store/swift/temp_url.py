"""Temporary URLs over the Swift API: anyone who has one may GET or PUT one object until it expires.

They are signed with a key that the owner keeps in the account or the container. Nothing of that key is in the URL.
Ceph RGW 16 takes only the account's key and only SHA-1, and does not announce it; Swift lists what it takes
under ``tempurl`` in ``/info``. Both sign the path from ``/v1`` on, as the server sees it behind whatever stands before
it, and unquoted. Source of the rules: Swift's manual, "Temporary URL middleware".
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.net.request import Request
from jsobj.store.refusals import Refusal
from jsobj.store.swift.requests import READ, SwiftRequests
from jsobj.urls import Origin

_DIGESTS = ("sha256", "sha512", "sha1")  # the first that the server takes
_KEYS = ("temp-url-key", "temp-url-key-2")
_METHODS = frozenset({"GET", "PUT", "HEAD", "DELETE", "POST"})
_OK = frozenset({200, 201, 202, 204})
_NO_KEY = Refusal(
    "presign-no-key",
    "neither the account nor the container '{name}' has a key to sign with",
    ExitCode.REFUSED,
    "make one (it is kept in the account): jsobj presign --make-key {object}{at}",
)


def temporary_url(
    api: SwiftRequests,
    origin: Origin,
    info: Mapping[str, Any],
    key: str,
    *,
    method: str,
    seconds: int,
    make_key: bool = False,
    cloud: str = "",
    now: float | None = None,
) -> str:
    """A URL for ``method`` on one object that expires in ``seconds``. ``info``: the server's ``/info``.

    ``make_key``: where there is no key, make one (it changes the container, on RGW the account). ``cloud``: the login's
    name for the hint. Raises :class:`JsobjError`: usage (method, length), refused (no key, no such service).
    """
    if method not in _METHODS or seconds < 1:
        raise JsobjError("presign-words", f"no URL can be made for {method} in {seconds} s", code=ExitCode.USAGE)
    feature = info.get("tempurl")
    if info and not isinstance(feature, dict):
        raise JsobjError("presign-off", "this object store offers no temporary URLs", code=ExitCode.REFUSED)
    # The second key signs what is shared (link_signer.py), and ends with that: it is used where no other may be made.
    secret = _key(api, first=True) or (_made_key(api) if make_key else _key(api))
    if not secret:
        raise _NO_KEY.error("swift", api.bucket, key, at=same_login(cloud=cloud))
    path = api.path(key)
    ends = int(now if now is not None else time.time()) + seconds
    signed = unquote(path[path.index("/v1") :] if "/v1" in path else path, errors="surrogateescape")
    text = f"{method}\n{ends}\n{signed}".encode("utf-8", "surrogateescape")
    signature = hmac.new(secret.encode(), text, digest_of(feature)).hexdigest()
    return f"{origin}{path}?temp_url_sig={signature}&temp_url_expires={ends}"


def _key(api: SwiftRequests, *, first: bool = False) -> str:
    """The key that the server checks with: the container's own where there are such; ``first``: not the second."""
    held = api.send("HEAD", expect=READ).headers
    found = "" if is_rgw(held) else key_in(held, "container", first=first)
    if found:
        return found
    account = api.session.send(Request("HEAD", api.root, item="the account", expect=READ))
    return key_in(account.headers, "account", first=first)


def key_in(headers: Mapping[str, str], level: str, *, first: bool = False) -> str:
    """The key in the headers of an account or a container; "" if there is none. ``level``: which of the two."""
    names = _KEYS[:1] if first else _KEYS
    return next((headers[f"x-{level}-meta-{name}"] for name in names if headers.get(f"x-{level}-meta-{name}")), "")


def digest_of(feature: object) -> str:
    """The digest to sign with, by what ``/info`` has under ``tempurl``."""
    allowed = feature.get("allowed_digests") if isinstance(feature, Mapping) else None
    return next((d for d in _DIGESTS if d in allowed), "sha1") if isinstance(allowed, list) else "sha1"


def _made_key(api: SwiftRequests) -> str:
    """A new key, where there is none: in the container, which lets it sign no more than that; in RGW's account."""
    rgw = is_rgw(api.send("HEAD", expect=READ).headers)
    path, level = (api.root, "account") if rgw else (api.path(), "container")
    headers = {f"x-{level}-meta-{_KEYS[0]}": secrets.token_hex(24)}
    api.session.send(Request("POST", path, headers=headers, item=f"swift://{api.bucket}", expect=_OK))
    return _key(api, first=True)  # what the server has, should another have made one at the same time


def is_rgw(headers: Mapping[str, str]) -> bool:
    """Whether a container's headers are Ceph RGW's: Swift has no such header (rgw_rest_swift.cc)."""
    return "x-container-bytes-used-actual" in headers
