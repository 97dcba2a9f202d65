"""What the answers of plain web servers tell: versions, digests, encodings, and what is refused."""

from __future__ import annotations

import base64
import hashlib

import pytest

from jsobj.errors import ExitCode, JsobjError, ObjectChanged, ObjectNotFound
from jsobj.net.request import Reply, Request, Retry
from jsobj.store.etag import is_md5
from jsobj.store.foreign.web.place import Redirect, Target, followed, target_of
from jsobj.store.foreign.web.requests import READ, NoRangesError, WebDialect, info_of, version_of
from jsobj.urls import Origin

OLD, NOW = "Tue, 14 Nov 2023 22:13:20 GMT", "Mon, 30 Nov 2026 04:00:00 GMT"
MD5, SHA256 = (hashlib.new(name, b"data") for name in ("md5", "sha256"))
HOST = Origin("https", "h.org", 443)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({"etag": '"v1"', "last-modified": OLD, "content-length": "4"}, '"v1"'),
        ({"etag": 'W/"v1"', "last-modified": OLD, "content-length": "4"}, f"{OLD}/4"),
        ({"etag": "v1", "last-modified": OLD, "content-range": "bytes 0-0/4", "content-length": "1"}, f"{OLD}/4"),
        ({"last-modified": OLD}, ""),
        ({"last-modified": NOW, "date": NOW, "content-length": "4"}, ""),
        ({"content-length": "4"}, ""),
    ],
)
def test_versions(headers: dict[str, str], version: str) -> None:
    assert version_of(headers) == version


def test_a_version_is_never_a_digest() -> None:
    for etag in (f'"{MD5.hexdigest()}"', f'"{MD5.hexdigest()}-12"'):
        info = info_of("k", 4, {"etag": etag})
        assert not is_md5(info.etag)
        assert (info.parts, info.whole_md5) == (None, "")


@pytest.mark.parametrize(
    ("headers", "md5", "sha256"),
    [
        ({"content-md5": b64(MD5.digest())}, True, False),
        ({"content-md5": b64(MD5.digest()), "content-range": "bytes 0-1/4"}, False, False),
        ({"digest": f"SHA-256={b64(SHA256.digest())}, md5={b64(MD5.digest())}"}, True, True),
        ({"repr-digest": f"sha-256=:{b64(SHA256.digest())}:", "content-range": "bytes 0-1/4"}, False, True),
        ({"content-digest": f"md5=:{b64(MD5.digest())}:"}, False, False),
        ({"repr-digest": "md5=:AAAA:, sha-256=:?:", "content-md5": "no"}, False, False),
    ],
)
def test_digests(headers: dict[str, str], md5: bool, sha256: bool) -> None:
    info = info_of("k", 4, headers)
    assert info.md5 == (MD5.hexdigest() if md5 else "")
    assert info.sha256 == (SHA256.hexdigest() if sha256 else "")


@pytest.mark.parametrize(
    ("key", "encoding", "kept"),
    [("a.tar.gz", "x-gzip", ""), ("a.nc", "gzip", "gzip"), ("a.nc", "identity", ""), ("a.TGZ", "gzip", "")],
)
def test_encodings(key: str, encoding: str, kept: str) -> None:
    assert info_of(key, 4, {"content-encoding": encoding}).content_encoding == kept


@pytest.mark.parametrize(
    ("status", "kind", "reference", "code"),
    [
        (401, JsobjError, "web-forbidden", ExitCode.REFUSED),
        (403, JsobjError, "web-forbidden", ExitCode.REFUSED),
        (404, ObjectNotFound, "object-not-found", ExitCode.NOT_FOUND),
        (410, ObjectNotFound, "object-not-found", ExitCode.NOT_FOUND),
        (412, ObjectChanged, "object-changed", ExitCode.INTEGRITY),
        (416, JsobjError, "range-outside", ExitCode.USAGE),
        (418, JsobjError, "web-refused", ExitCode.REFUSED),
        (302, JsobjError, "web-refused", ExitCode.REFUSED),
    ],
)
def test_refusals(status: int, kind: type[JsobjError], reference: str, code: ExitCode) -> None:
    verdict = WebDialect().judge(Request("GET", "/f", item="https://h.org/f"), Reply(status, "No", {}))
    assert isinstance(verdict, kind)
    assert (verdict.reference, verdict.code) == (reference, code)
    assert "https://h.org/f" in verdict.message
    assert verdict.hint


def test_busy_servers_are_asked_again() -> None:
    for status in (429, 500, 503):
        assert isinstance(WebDialect().judge(Request("GET", "/f"), Reply(status, "", {})), Retry)


def test_servers_that_ignore_what_is_asked() -> None:
    pinned = Request("GET", "/f", headers={"if-match": '"v1"'}, expect=READ, range_size=4, item="https://h.org/f")
    assert isinstance(WebDialect().judge(pinned, Reply(206, "", {"etag": '"v2"'})), ObjectChanged)
    assert isinstance(WebDialect().judge(pinned, Reply(200, "", {"etag": '"v1"'})), NoRangesError)
    assert WebDialect().judge(pinned, Reply(206, "", {"etag": '"v1"'})) is None
    assert WebDialect().authorise(pinned, "") == {"if-match": '"v1"'}
    dated = Request("GET", "/f", headers={"if-match": f"{OLD}/4"})
    assert WebDialect().authorise(dated, "") == {"if-unmodified-since": OLD}


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b c?x=1#y", Target(HOST, "/b%20c", "x=1")),
        ("other", Target(HOST, "/d/other")),
        ("//cdn.org/%2F?s=a%2Bb", Target(Origin("https", "cdn.org", 443), "/%2F", "s=a%2Bb")),
        ("https://cdn.org:8443", Target(Origin("https", "cdn.org", 8443), "/")),
    ],
)
def test_redirects(location: str, target: Target) -> None:
    assert followed(target_of(HOST, "d/f"), Redirect("https://h.org/d/f", 302, location)) == target


@pytest.mark.parametrize("location", ["http://h.org/d/f", "ftp://h.org/f", "javascript:x", "https://u:p@h.org/f"])
def test_redirects_that_are_not_followed(location: str) -> None:
    with pytest.raises(JsobjError) as caught:
        followed(target_of(HOST, "d/f"), Redirect("https://h.org/d/f", 302, location))
    assert caught.value.reference == "web-redirect"
    assert "u:p" not in str(caught.value)


def test_a_redirect_that_adds_a_slash_is_a_folder() -> None:
    with pytest.raises(ObjectNotFound):
        followed(target_of(HOST, "d"), Redirect("https://h.org/d", 301, "/d/"))
