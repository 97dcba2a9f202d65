"""Requests to web servers: headers to values, which version an answer is of, and what refusals mean.

A version is a strong ETag, with its quotes, so that it is never taken for a digest; else the time of the last change
and the size; else nothing. A time that is that of the answer is none: it is made for each answer.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound, RangeOutside
from jsobj.net.dates import http_epoch
from jsobj.net.request import Reply, Request, Verdict, evidence
from jsobj.net.session import default_verdict
from jsobj.store.foreign.web.place import Redirect
from jsobj.store.refusals import OBJECT_CHANGED
from jsobj.store.values import MTIME, ObjectInfo, served

READ = frozenset({200, 206})
# Answers to HEAD after which GET is asked: some servers know it only, and some links are signed for it only.
NO_HEAD = frozenset({403, 405, 501})
WANTED = {"want-repr-digest": "sha-256=5, md5=9", "want-digest": "md5, sha-256;q=0.5"}  # RFC 9530, RFC 3230
_MOVED = frozenset({301, 302, 303, 307, 308})
_DIGEST = re.compile(r"(?:^|,)\s*(md5|sha-256)\s*=\s*:?([A-Za-z0-9+/]+={0,2}):?(?=\s*(?:[,;]|$))", re.IGNORECASE)
_LENGTHS = {"md5": 16, "sha-256": 32}
# What a name may end in whose bytes are compressed: then the server's Content-Encoding is about the file, not on top.
_COMPRESSED = {"gzip": (".gz", ".tgz", ".svgz"), "br": (".br",), "zstd": (".zst",), "compress": (".z",)}
_KEPT = frozenset({"content-disposition", "content-language"})  # the rest is about this server's answers


class NoRangesError(JsobjError):
    """The server sends files whole only. ``reply``: what it answered to a request for a part."""

    def __init__(self, url: str, reply: Reply) -> None:
        super().__init__(
            "web-no-ranges",
            f"the server sends {url} as a whole only, and a part of it was needed",
            code=ExitCode.REFUSED,
            hint="fetch all of it: jsobj download URL FILE",
        )
        self.reply = reply


class WebDialect:
    """Plain HTTP without any login; see :class:`jsobj.net.session.Dialect`. ``request.item`` is the URL."""

    signs_payload = False

    def authorise(self, request: Request, payload_sha256: str) -> Mapping[str, str]:
        """The request's headers; a version that is no ETag is one by its time."""
        headers = dict(request.headers)
        pin = headers.pop("if-match", "")
        if pin.startswith('"'):
            headers["if-match"] = pin
        elif pin:
            headers["if-unmodified-since"] = pin.rpartition("/")[0]
        return headers

    def observe(self, request: Request, reply: Reply) -> None:
        """Nothing is learnt."""

    def judge(self, request: Request, reply: Reply) -> Verdict:
        """What an answer means."""
        status, url = reply.status, request.item
        if status in request.expect:
            if request.range_size is not None and status == 200:
                return NoRangesError(url, reply)
            return _other_version(request, reply) if status in READ else None
        if status in _MOVED and reply.headers.get("location"):
            return Redirect(url, status, reply.headers["location"])
        return default_verdict(reply) or _refusal(url, request, reply)

    def renew(self) -> None:
        """There is no login."""


def _other_version(request: Request, reply: Reply) -> JsobjError | None:
    """Servers that ignore conditions answer with what is there now."""
    wanted = request.headers.get("if-match", "")
    return changed(request.item) if wanted and version_of(reply.headers) != wanted else None


def changed(url: str) -> JsobjError:
    """The error for a file that is another one now."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return OBJECT_CHANGED.error(scheme, host, path)


def _refusal(url: str, request: Request, reply: Reply) -> JsobjError:
    status, context = reply.status, evidence(reply.status, reply.reason, "", reply.request_id)
    if status in {404, 410}:
        return ObjectNotFound(f"there is no {url}", context=context, hint="check the address in a browser")
    if status == 412 or (status == 416 and "if-match" in request.headers):
        return changed(url)
    if status == 416:
        return RangeOutside(f"{url} has no such bytes", context=context, hint="its size: jsobj stat URL")
    if status in {401, 403, 407}:
        sentence = f"{url} is not open to everybody"
        hint = "web servers are read without a login: ask the owner for an address that needs none"
        return JsobjError("web-forbidden", sentence, code=ExitCode.REFUSED, context=context, hint=hint)
    return JsobjError(
        "web-refused",
        f"the server does not give {url}",
        code=ExitCode.REFUSED,
        context=context,
        hint="check the address in a browser",
    )


def version_of(headers: Mapping[str, str]) -> str:
    """What pins the version of an answer; "" where nothing does."""
    etag = headers.get("etag", "")
    if len(etag) > 1 and etag.startswith('"') and etag.endswith('"'):
        return etag
    text, size = headers.get("last-modified", ""), total_of(headers)
    modified, now = http_epoch(text), http_epoch(headers.get("date", ""))
    if modified is None or size is None or (now is not None and modified >= now - 1):
        return ""
    return f"{text}/{size}"


def total_of(headers: Mapping[str, str]) -> int | None:
    """The bytes of the whole, as far as an answer tells them."""
    text = headers.get("content-range", "").rpartition("/")[2] or headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def info_of(key: str, size: int, headers: Mapping[str, str]) -> ObjectInfo:
    """The values in the answer to a HEAD or GET."""
    modified = http_epoch(headers.get("last-modified", ""))
    md5, sha256 = _digests(headers)
    return ObjectInfo(
        key,
        size,
        version_of(headers),
        modified,
        headers.get("content-type", ""),
        _encoding(key, headers.get("content-encoding", "")),
        {MTIME: str(int(modified))} if modified is not None else {},
        served={name: value for name, value in served(headers).items() if name in _KEPT},
        md5=md5,
        sha256=sha256,
    )


def _encoding(key: str, encoding: str) -> str:
    plain = encoding.strip().lower().removeprefix("x-")
    return "" if plain == "identity" or key.lower().endswith(_COMPRESSED.get(plain, ("\0",))) else plain


def _digests(headers: Mapping[str, str]) -> tuple[str, str]:
    """MD5 and SHA-256 of all bytes, hexadecimal; "" for what is not told. RFC 1864, 3230 and 9530."""
    told = [headers.get("repr-digest", ""), headers.get("digest", "")]
    if "content-range" not in headers:  # else it may be that of the part
        told.append(f"md5={headers.get('content-md5', '')}")
    found: dict[str, str] = {}
    for text in told:
        for name, value in _DIGEST.findall(text):
            try:
                raw = base64.b64decode(value, validate=True)
            except binascii.Error:
                continue
            if len(raw) == _LENGTHS[name.lower()]:
                found.setdefault(name.lower(), raw.hex())
    return found.get("md5", ""), found.get("sha-256", "")
