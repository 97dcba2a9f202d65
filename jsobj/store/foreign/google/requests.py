"""Requests to one bucket of Google's storage: the JSON API's paths, tokens, and its documents to values and back.

An object's ETag is here its *generation*, the number that Google gives to each content of a name: what is read is
pinned by it. It never looks like a digest (nor like the composite ETag of S3, which ends in ``-N``).

Source: Cloud Storage JSON API reference, v1.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSource
from jsobj.net.dates import http_epoch, iso_epoch
from jsobj.net.request import Reauthorise, Reply, Request, Verdict
from jsobj.net.session import Session, default_verdict
from jsobj.store.foreign.google.tokens import GoogleTokens
from jsobj.store.foreign.google.verdict import changed, failure, malformed
from jsobj.store.values import Listed, ObjectInfo, PutOptions

_UNRESERVED = "-_.~"
_API, _DOWNLOAD, _UPLOAD = "/storage/v1", "/download/storage/v1", "/upload/storage/v1"
_READ = frozenset({200, 206})
_COPY_SECONDS = 180.0  # without a word from the server, which copies for a while before it answers
FIELDS = (
    "name,size,generation,md5Hash,crc32c,contentType,contentEncoding,timeCreated,metadata,"
    "cacheControl,contentDisposition,contentLanguage"
)
LISTED = "name,size,generation,md5Hash,crc32c,timeCreated"
# By the names of headers. There is no Expires here.
_SERVED = {
    "cache-control": "cacheControl",
    "content-disposition": "contentDisposition",
    "content-language": "contentLanguage",
}

Query = tuple[tuple[str, str], ...]


class GoogleDialect:
    """The JSON API. Without a login, what is public can be read."""

    signs_payload = False

    def __init__(self, tokens: GoogleTokens) -> None:
        self.tokens = tokens

    def authorise(self, request: Request, payload_sha256: str) -> Mapping[str, str]:
        """The request's headers with the token; see :class:`jsobj.net.session.Dialect`."""
        login = self.tokens.login
        headers = dict(request.headers)
        if login.kind:
            headers["authorization"] = f"Bearer {self.tokens.current().reveal()}"
            if login.quota_project:
                headers["x-goog-user-project"] = login.quota_project
        return headers

    def observe(self, request: Request, reply: Reply) -> None:
        """See :class:`jsobj.net.session.Dialect`."""

    def judge(self, request: Request, reply: Reply) -> Verdict:
        """What an answer means; see :class:`jsobj.net.session.Dialect`."""
        if reply.status in request.expect:
            wanted = dict(request.query).get("generation", "")
            sent = reply.headers.get("x-goog-generation", "") if request.sink is not None else ""
            return changed(request, f"its generation is {sent[:40]}") if wanted and sent not in {"", wanted} else None
        again = default_verdict(reply)
        if again is not None:
            return again
        verdict = failure(request, reply, self.tokens.login)
        if reply.status == 401 and self.tokens.renewable and isinstance(verdict, JsobjError):
            return Reauthorise(verdict)
        return verdict

    def renew(self) -> None:
        """A new token."""
        self.tokens.renew()


class GoogleRequests:
    """Requests to one bucket, and to others of the same login."""

    def __init__(self, session: Session, bucket: str) -> None:
        self.session = session
        self.bucket = bucket

    def of(self, bucket: str) -> GoogleRequests:
        """The same for another bucket."""
        return GoogleRequests(self.session, bucket)

    def path(self, key: str = "") -> str:
        """The path of an object, or of all objects; a key is one segment, percent-encoded once."""
        path = f"/b/{quote(self.bucket, safe=_UNRESERVED)}/o"
        return f"{path}/{encoded(key)}" if key else path

    def send(self, method: str, path: str, key: str = "", **more: Any) -> Reply:
        """Send a request; ``more`` are fields of :class:`jsobj.net.request.Request`."""
        item = f"gs://{self.bucket}/{key}"
        return self.session.send(Request(method, path, item=item, bucket=self.bucket, key=key, **more))

    def call(self, method: str, path: str, key: str = "", document: Any = None, **more: Any) -> dict[str, Any]:
        """The document that answers a request of the API, whose body is a document, too."""
        if document is not None:
            more["source"] = BytesSource(json.dumps(document).encode())
            more["headers"] = {"content-type": "application/json"}
        return self.read(self.send(method, f"{_API}{path}", key, **more))

    def read(self, reply: Reply) -> dict[str, Any]:
        """The document in an answer. Raises :class:`JsobjError` (network) where there is none."""
        try:
            document = reply.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise malformed(self.bucket, f"HTTP {reply.status} without a JSON object")
        return document

    def head(self, key: str, *, generation: str = "") -> ObjectInfo:
        """What is known of an object; of one generation of it, where that is named."""
        query: Query = (("fields", FIELDS), *((("generation", generation),) if generation else ()))
        return self.info(self.call("GET", self.path(key), key, query=query))

    def media(self, key: str, query: Query, headers: Mapping[str, str], **more: Any) -> Reply:
        """An object's bytes as they are stored: of what was stored with gzip, Google would send what was in it to those
        who do not say that they take gzip, and digests are those of what is stored."""
        headers = {**headers, "accept-encoding": "gzip"}
        path = f"{_DOWNLOAD}{self.path(key)}"
        return self.send("GET", path, key, query=(("alt", "media"), *query), headers=headers, expect=_READ, **more)

    def upload(self, key: str, kind: str, query: Query = (), **more: Any) -> Reply:
        """Send an object's bytes; ``kind``: ``media`` or ``multipart``."""
        query = (("uploadType", kind), *query, ("fields", FIELDS))
        return self.send("POST", f"{_UPLOAD}{self.path()}", key, query=query, **more)

    def rewrite(self, source: tuple[str, str, str], key: str, document: dict[str, Any], before: str = "") -> ObjectInfo:
        """Copy bucket, key and generation of an object to ``key`` here, on the server; a large one takes it several
        requests. An empty ``document`` keeps its metadata. ``before``: the generation that it is to replace."""
        bucket, name, generation = source
        path = f"{self.of(bucket).path(name)}/rewriteTo{self.path(key)}"
        query: Query = (("sourceGeneration", generation), *((("ifGenerationMatch", before),) if before else ()))
        more: dict[str, Any] = {"idle": _COPY_SECONDS, "copy_from": (bucket, name)}
        token = ""
        while True:
            asked = (*query, *((("rewriteToken", token),) if token else ()))
            found = self.call("POST", path, key, document, query=asked, **more)
            if found.get("done"):
                return self.info(found.get("resource") or {})
            if not (token := str(found.get("rewriteToken") or "")):
                raise malformed(self.bucket, "a copy that is neither done nor goes on")

    def remove(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        self.send("DELETE", f"{_API}{self.path(key)}", key, expect=frozenset({200, 204, 404}))

    def info(self, document: Mapping[str, Any]) -> ObjectInfo:
        """The values of an object's document. Raises :class:`JsobjError` (network) where it is none."""
        try:
            metadata = document.get("metadata") or {}
            return ObjectInfo(
                _name(document["name"]),
                int(document["size"]),
                etag_of(document["generation"]),
                iso_epoch(document.get("timeCreated") or ""),
                document.get("contentType") or "",
                document.get("contentEncoding") or "",
                {str(name).lower(): str(value) for name, value in metadata.items()},
                version=document["generation"],
                served={name: document[field] for name, field in _SERVED.items() if document.get(field)},
                md5=_hex(document.get("md5Hash")),
                crc32c=_hex(document.get("crc32c")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise malformed(self.bucket, f"an object's document is malformed: {type(error).__name__}") from error

    def listed(self, documents: Sequence[Any]) -> list[Listed]:
        """As :meth:`info`, for the items of a page."""
        try:
            return [
                Listed(
                    _name(each["name"]),
                    int(each["size"]),
                    etag_of(each["generation"]),
                    iso_epoch(each.get("timeCreated") or ""),
                    md5=_hex(each.get("md5Hash")),
                )
                for each in documents
            ]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise malformed(self.bucket, f"its listing is malformed: {type(error).__name__}") from error


def encoded(key: str) -> str:
    """A key as one segment of a path. Raises :class:`JsobjError` (usage) for one that cannot be requested."""
    if not key or "\0" in key or key in {".", ".."}:
        raise JsobjError("object-name", f"'{key}' cannot be the name of an object at Google", code=ExitCode.USAGE)
    return quote(key, safe=_UNRESERVED, errors="surrogateescape")


def etag_of(generation: object) -> str:
    """What this program calls the ETag of an object of this generation."""
    if not (isinstance(generation, str) and generation.isascii() and generation.isdigit()):
        raise ValueError("a generation that is no number")
    return f"g{generation}"


def generation_of(etag: str) -> str:
    """The generation behind an ETag of :func:`etag_of`; "0", which no object has, for an ETag of another kind."""
    number = etag.removeprefix("g")
    return number if etag.startswith("g") and number.isdigit() else "0"


def resource(options: PutOptions) -> dict[str, Any]:
    """The document that keeps ``options`` with an object."""
    named = {"contentType": options.content_type, "contentEncoding": options.content_encoding}
    named |= {_SERVED[name]: value for name, value in options.served.items() if name in _SERVED}
    found: dict[str, Any] = {name: value for name, value in named.items() if value}
    if options.metadata:
        found["metadata"] = {name.lower(): value for name, value in options.metadata.items()}
    return found


def info_of_media(requests: GoogleRequests, key: str, etag: str, reply: Reply) -> ObjectInfo:
    """What the answer to a download tells: all but the metadata."""
    headers = reply.headers
    size = headers.get("content-range", "").rpartition("/")[2] or headers.get("content-length") or str(reply.received)
    if not (size.isascii() and size.isdigit()):
        raise malformed(requests.bucket, f"HTTP {reply.status} without a size")
    told = (each.strip().partition("=") for each in headers.get("x-goog-hash", "").split(","))
    hashes = {name: value for name, _, value in told}
    return ObjectInfo(
        key,
        int(size),
        etag,
        http_epoch(headers.get("last-modified", "")),
        headers.get("content-type", ""),
        headers.get("content-encoding", ""),
        version=generation_of(etag),
        served={name: headers[name] for name in _SERVED if headers.get(name)},
        md5=_hex(hashes.get("md5")),
        crc32c=_hex(hashes.get("crc32c")),
    )


def _hex(value: object) -> str:
    """A digest as documents have it, in hexadecimal; "" for none."""
    if not isinstance(value, str):
        return ""
    try:
        return base64.b64decode(value, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""


def base64_of(digest: str) -> str:
    """The other way round."""
    return base64.b64encode(bytes.fromhex(digest)).decode()


def _name(name: object) -> str:
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError("not a name")
    name.encode()  # a lone surrogate cannot be sent
    return name
