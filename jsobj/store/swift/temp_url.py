"""Temporary URLs over the Swift API: anyone who has one may GET or PUT one object until it expires.

They are signed with a key that the owner keeps in the account or the container. Nothing of that key is in the URL.
Ceph RGW 16 takes only the account's key and only SHA-1, and does not announce it; Swift lists what it takes
under ``tempurl`` in ``/info``. Both sign the path from ``/v1`` on, as the server sees it behind whatever stands before
it, and unquoted. Source of the rules: Swift's manual, "Temporary URL middleware".

A container's key opens nothing outside of the container. Large objects, whose segments lie in another one, and links
to objects in another one are read with a key of the account only; without it Swift answers 409, or 401. A key of the
account opens all containers, so none is made there but where that was asked for.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.net.request import Request
from jsobj.store.refusals import Refusal
from jsobj.store.swift.requests import READ, SwiftRequests
from jsobj.store.swift.verdict import not_swift
from jsobj.urls import Origin

_DIGESTS = ("sha256", "sha512", "sha1")  # the first that the server takes
_KEYS = ("temp-url-key", "temp-url-key-2")
_METHODS = frozenset({"GET", "PUT", "HEAD", "DELETE", "POST"})
_OK = frozenset({200, 201, 202, 204})
_READS = frozenset({"GET", "HEAD"})
_HEAD = READ | {404}
Level: TypeAlias = Literal["container", "account"]
NO_ACCOUNT_KEY = Refusal(
    "presign-account-key",
    "the bytes of {url} lie in another container, which only a key of the account opens, and it has none",
    ExitCode.REFUSED,
    "make one, which opens all containers of the project: jsobj presign --make-key {object}{at}; "
    "or, with S3 keys, write s3:// instead of swift://",
)


def temporary_url(
    api: SwiftRequests,
    origin: Origin,
    info: Mapping[str, Any],
    key: str,
    *,
    method: str,
    seconds: int,
    make_key: Level | None = None,
    cloud: str = "",
    now: float | None = None,
) -> str:
    """A URL for ``method`` on one object that expires in ``seconds``. ``info``: the server's ``/info``.

    ``make_key``: where there is no key, make one, in the account only where it says so (RGW has no others). ``cloud``:
    the login's name for the hint. Raises :class:`JsobjError`: usage (method, length), refused (no key, no such
    service).
    """
    if method not in _METHODS or seconds < 1:
        raise JsobjError("presign-words", f"no URL can be made for {method} in {seconds} s", code=ExitCode.USAGE)
    feature = info.get("tempurl")
    if info and not isinstance(feature, dict):
        raise JsobjError("presign-off", "this object store offers no temporary URLs", code=ExitCode.REFUSED)
    held = api.send("HEAD", expect=READ).headers
    rgw = is_rgw(held)
    far = not rgw and method in _READS and lies_elsewhere(api, key)
    level: Level = "account" if rgw or far else "container"
    may_make = make_key == "account" or (make_key is not None and not far)
    # The second key signs what is shared (link_signer.py), and ends with that: it is used where no other may be made.
    secret = _key(api, level, held, first=True) or (_made_key(api, level) if may_make else _key(api, level, held))
    if not secret:
        refusal = NO_ACCOUNT_KEY if far else _no_key(level)
        raise refusal.error("swift", api.bucket, key, at=same_login(cloud=cloud))
    path = api.path(key)
    ends = int(now if now is not None else time.time()) + seconds
    signed = unquote(path[path.index("/v1") :] if "/v1" in path else path, errors="surrogateescape")
    text = f"{method}\n{ends}\n{signed}".encode("utf-8", "surrogateescape")
    signature = hmac.new(secret.encode(), text, digest_of(feature)).hexdigest()
    return f"{origin}{path}?temp_url_sig={signature}&temp_url_expires={ends}"


def lies_elsewhere(api: SwiftRequests, key: str) -> bool:
    """Whether Swift takes bytes of this object from other containers than its own; an object that is not there: no."""
    return any(container != api.container for container in _containers(api, key))


def _containers(api: SwiftRequests, key: str) -> Iterator[str]:
    """The containers that an object's bytes lie in, as far as it names them."""
    headers = api.send("HEAD", key, expect=_HEAD).headers
    root = unquote(api.root[api.root.index("/v1") :] if "/v1" in api.root else api.root)
    target = unquote(headers.get("content-location", "")).partition("?")[0]  # of a link to another object
    if target.startswith(f"{root}/"):
        yield target.removeprefix(f"{root}/").partition("/")[0]
    if named := headers.get("x-object-manifest", ""):
        yield unquote(named).lstrip("/").partition("/")[0]
    elif headers.get("x-static-large-object", "").lower() == "true":
        for container, name, nested in _named(api, key):
            yield container
            if nested:
                yield from _containers(api.of(container), name)


def _named(api: SwiftRequests, key: str) -> list[tuple[str, str, bool]]:
    """What the manifest of a static large object names: container, key, and whether that is a manifest, too."""
    reply = api.send("GET", key, query=(("multipart-manifest", "get"),), expect=READ)
    try:
        entries = [entry for entry in json.loads(reply.body) if "name" in entry]  # others have their bytes in them
        places = [str(entry["name"]).lstrip("/").partition("/") for entry in entries]
        return [(place[0], place[2], bool(entry.get("sub_slo"))) for place, entry in zip(places, entries, strict=True)]
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise not_swift(api.bucket, f"a manifest is malformed: {type(error).__name__}") from error


def _key(api: SwiftRequests, level: Level, held: Mapping[str, str], *, first: bool = False) -> str:
    """The key that the server checks with; ``held``: the container's headers, ``first``: not the second."""
    found = key_in(held, "container", first=first) if level == "container" else ""
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


def _made_key(api: SwiftRequests, level: Level) -> str:
    """A new key, where there is none: in the container, which lets it sign no more than that, or in the account."""
    path = api.root if level == "account" else api.path()
    headers = {f"x-{level}-meta-{_KEYS[0]}": secrets.token_hex(24)}
    api.session.send(Request("POST", path, headers=headers, item=f"swift://{api.bucket}", expect=_OK))
    # What the server has, should another have made one at the same time.
    held = api.session.send(Request("HEAD", path, item=f"swift://{api.bucket}", expect=READ)).headers
    return key_in(held, level, first=True)


def _no_key(level: Level) -> Refusal:
    return Refusal(
        "presign-no-key",
        "neither the account nor the container '{name}' has a key to sign with",
        ExitCode.REFUSED,
        f"make one (it is kept in the {level}): jsobj presign --make-key {{object}}{{at}}",
    )


def is_rgw(headers: Mapping[str, str]) -> bool:
    """Whether a container's headers are Ceph RGW's: Swift has no such header (rgw_rest_swift.cc)."""
    return "x-container-bytes-used-actual" in headers
