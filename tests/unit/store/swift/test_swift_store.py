"""The Swift dialect's values: listings, names of segments, composite ETags, temporary URLs, meanings of answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from swiftclient.utils import generate_temp_url

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink, BytesSource
from jsobj.net.dates import iso_epoch
from jsobj.net.request import Reauthorise, Reply, Request, Retry
from jsobj.store.swift.errors import AccountContext
from jsobj.store.swift.listing import parse
from jsobj.store.swift.requests import SwiftDialect, SwiftRequests, encoded, headers_for, info_of
from jsobj.store.swift.segments import composite, manifest, new_upload, segment_name
from jsobj.store.swift.store import SwiftStore
from jsobj.store.swift.temp_url import temporary_url
from jsobj.store.values import Listed, ObjectInfo, Part, PutOptions, StorePlace, Upload
from jsobj.urls import parse_url

ROOT = "/v1/AUTH_demo"
MEMBER = AccountContext("demo", ("member",), "my cloud")


@given(st.integers(0, 7_000_000_000), st.integers(0, 999_999))
def test_times_of_listings(seconds: int, micro: int) -> None:
    text = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{micro:06d}"
    for written in (text, f"{text}Z", f"{text}+00:00"):
        assert iso_epoch(written) == pytest.approx(seconds + micro / 1e6, abs=1e-5)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-21", "2026-11-21Tab:cd:ef", "T" * 40])
def test_nonsense_is_no_time(text: str) -> None:
    assert iso_epoch(text) is None


def test_a_page_of_each_server() -> None:
    swift = [
        {"subdir": "a/"},
        {"name": "b", "bytes": 3, "hash": "m", "slo_etag": '"e"', "last_modified": "2026-11-21T09:52:16.720490"},
    ]
    rgw = [{"name": "\u20ac", "hash": "0f", "bytes": 1, "last_modified": "2026-11-21T09:52:17.035Z"}]
    found = parse(json.dumps(swift + rgw).encode(), "c")
    assert [(item.key, item.size, item.etag, item.prefix) for item in found] == [
        ("a/", 0, "", True),
        ("b", 3, "e", False),
        ("\u20ac", 1, "0f", False),
    ]
    assert parse(b"", "c") == []


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1))
def test_names_are_encoded_exactly_once(name: str) -> None:
    path = encoded(name)
    assert unquote(path) == name
    assert path.isascii()
    assert not set(path) & set(" ?#\r\n+")


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_names_that_nobody_can_have(name: str) -> None:
    with pytest.raises(JsobjError) as caught:
        encoded(name)
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.parametrize("container", ["", ".", "..", "a/b"])
def test_containers_that_nobody_can_have_B074(container: str) -> None:
    with pytest.raises(JsobjError) as caught:
        SwiftStore(StorePlace("swift", container, "", "", account=f"http://127.0.0.1:9{ROOT}"))
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.parametrize("call", ["put", "delete", "head", "get"])
def test_an_empty_key_never_means_the_container(call: str) -> None:
    """``DELETE /container`` would delete it. The port is closed: nothing is asked at all."""
    store = SwiftStore(StorePlace("swift", "c", "", "", account=f"http://127.0.0.1:9{ROOT}"))
    store._segments._there = False
    more = {"put": (BytesSource(b""),), "get": (BytesSink(),)}.get(call, ())
    with pytest.raises(JsobjError) as caught:
        getattr(store, call)("", *more)
    assert caught.value.reference == "object-name"


def test_segments_have_names_of_their_own() -> None:
    options = PutOptions(metadata={"jsobj-part-size": "16777216"})
    one, two = (new_upload("a/b", options) for _ in range(2))
    assert one.id != two.id
    assert segment_name(one, 7).startswith("a/b/jsobj/")
    assert segment_name(one, 7).endswith("/16777216/00000007")
    with pytest.raises(JsobjError) as caught:
        new_upload("k" * 1000, options)
    assert caught.value.code is ExitCode.USAGE
    longest = new_upload("k" * 960, options)
    assert len(segment_name(longest, 1000)) <= 1024


def test_a_manifest_and_its_etag() -> None:
    upload = new_upload("k", PutOptions())
    parts = [Part(1, 2, hashlib.md5(b"aa").hexdigest()), Part(2, 1, hashlib.md5(b"b").hexdigest())]
    lines = json.loads(manifest("c_segments", upload, parts))
    assert lines[1] == {"path": f"/c_segments/{upload.id}/00000002", "etag": parts[1].etag, "size_bytes": 1}
    assert composite(p.etag for p in parts) == hashlib.md5((parts[0].etag + parts[1].etag).encode()).hexdigest()


def test_headers_there_and_back() -> None:
    options = PutOptions("text/x", "gzip", {"mtime": "1.5", "Colour": "red"})
    headers = {**headers_for(options), "content-length": "3", "etag": '"e"', "x-timestamp": "12.25"}
    info = info_of("c", "k", Reply(200, "OK", {**headers, "x-object-meta-static-large-object": "True"}))
    assert info == ObjectInfo("k", 3, "e", 12.25, "text/x", "gzip", {"mtime": "1.5", "colour": "red"})
    ranged = {"content-range": "bytes 0-2/10", "content-length": "3", "etag": "e"}
    old = info_of("c", "k", Reply(206, "", {**ranged, "last-modified": "Thu, 01 Jan 1970 00:00:12 GMT"}))
    assert (old.size, old.modified, old.large) == (10, 12.0, False)
    assert info_of("c", "k", Reply(200, "", {**ranged, "x-object-manifest": "c/p"})).large


def test_what_is_a_link_and_what_ends() -> None:
    """The current version of an object is shown at another place, too; when public data end is their owner's matter."""
    session: Any = None
    headers = {"content-length": "3", "etag": "e", "x-delete-at": "1767225600"}
    for place, link in (("", False), (f"{ROOT}/c/k?version-id=1.5", False), (f"{ROOT}/other/k", True)):
        reply = Reply(200, "OK", headers | ({"content-location": place} if place else {}))
        info = SwiftRequests(session, ROOT, "c").info("k", reply)
        assert (info.link, info.served) == (link, {"x-delete-at": "1767225600"})
        assert SwiftRequests(session, ROOT, "c", public=True).info("k", reply).served == {}


class _Session:
    """Answers HEADs of account and container with headers that hold keys; ``objects``: what it says of those."""

    def __init__(
        self, account: dict[str, str], container: dict[str, str], objects: Mapping[str, Reply] | None = None
    ) -> None:
        self._account, self._container, self._objects = account, container, objects or {}

    def send(self, request: Request) -> Reply:
        if request.path.startswith(f"{ROOT}/c/"):
            return self._objects.get(request.path.removeprefix(f"{ROOT}/c/"), Reply(404, "", {}))
        return Reply(204, "", self._account if request.path == ROOT else self._container)


@pytest.mark.parametrize(
    ("allowed", "digest"), [(["sha1", "sha256", "sha512"], "sha256"), (["sha1"], "sha1"), (None, "sha1")]
)
def test_a_temporary_url_is_swiftclients(allowed: list[str] | None, digest: str) -> None:
    session: Any = _Session({"x-account-meta-temp-url-key": "account's"}, {"x-container-meta-temp-url-key": "own"})
    info = {"tempurl": {"allowed_digests": allowed} if allowed else {}}
    origin, _ = parse_url("http://127.0.0.1:9/")
    made = temporary_url(
        SwiftRequests(session, ROOT, "c"), origin, info, "a b\u20ac", method="GET", seconds=60, now=1000.0
    )
    wanted = generate_temp_url(f"{ROOT}/c/a b\u20ac", 1060, "own", "GET", absolute=True, digest=digest)
    query = parse_qs(urlsplit(made).query)
    assert query["temp_url_sig"] == parse_qs(urlsplit(wanted).query)["temp_url_sig"]
    assert query["temp_url_expires"] == ["1060"]
    assert urlsplit(made).path == f"{ROOT}/c/a%20b%E2%82%AC"
    assert "own" not in made


@pytest.mark.parametrize(
    ("account", "container", "key"),
    [
        ({"x-account-meta-temp-url-key": "first"}, {"x-container-meta-temp-url-key-2": "second"}, "first"),
        ({}, {"x-container-meta-temp-url-key-2": "second"}, "second"),
    ],
)
def test_the_second_key_is_for_what_is_shared(account: dict[str, str], container: dict[str, str], key: str) -> None:
    """It is replaced to end links of others, and must not end one's own."""
    session: Any = _Session(account, container)
    api, (origin, _) = SwiftRequests(session, ROOT, "c"), parse_url("http://127.0.0.1:9/")
    made = temporary_url(api, origin, {"tempurl": {}}, "k", method="GET", seconds=60, now=1000.0)
    wanted = generate_temp_url(f"{ROOT}/c/k", 1060, key, "GET", absolute=True, digest="sha1")
    assert parse_qs(urlsplit(made).query)["temp_url_sig"] == parse_qs(urlsplit(wanted).query)["temp_url_sig"]


@pytest.mark.parametrize(
    ("info", "method", "reference"),
    [({"swift": {}}, "GET", "presign-off"), ({}, "BREW", "presign-words"), ({}, "GET", "presign-no-key")],
)
def test_no_temporary_url(info: dict[str, Any], method: str, reference: str) -> None:
    session: Any = _Session({}, {})
    with pytest.raises(JsobjError) as caught:
        temporary_url(
            SwiftRequests(session, ROOT, "c"), parse_url("http://127.0.0.1:9/")[0], info, "k", method=method, seconds=9
        )
    assert caught.value.reference == reference


def _static(*names: str) -> Reply:
    body = json.dumps([{"name": name, "bytes": 1, "hash": "0"} for name in names]).encode()
    return Reply(200, "", {"x-static-large-object": "True"}, body)


@pytest.mark.parametrize(
    ("found", "method", "key"),
    [
        (_static("/c_segments/k/1"), "GET", "account's"),
        (_static("/c/k/1", "/d/k/2"), "GET", "account's"),
        (_static("/c/k/1"), "GET", "own"),
        (_static("/c_segments/k/1"), "PUT", "own"),
        (Reply(200, "", {"x-object-manifest": "d/k%2F"}), "GET", "account's"),
        (Reply(200, "", {"x-object-manifest": "c/k/"}), "GET", "own"),
        (Reply(200, "", {"content-location": f"{ROOT}/d/k"}), "GET", "account's"),
        (Reply(200, "", {"content-location": f"{ROOT}/c/other?version-id=1"}), "GET", "own"),
    ],
)
def test_what_lies_in_another_container_is_signed_with_the_accounts_key(found: Reply, method: str, key: str) -> None:
    account, container = {"x-account-meta-temp-url-key": "account's"}, {"x-container-meta-temp-url-key": "own"}
    session: Any = _Session(account, container, {"k": found})
    api, (origin, _) = SwiftRequests(session, ROOT, "c"), parse_url("http://127.0.0.1:9/")
    made = temporary_url(api, origin, {"tempurl": {}}, "k", method=method, seconds=60, now=1000.0)
    wanted = generate_temp_url(f"{ROOT}/c/k", 1060, key, method, absolute=True, digest="sha1")
    assert parse_qs(urlsplit(made).query)["temp_url_sig"] == parse_qs(urlsplit(wanted).query)["temp_url_sig"]


def test_no_key_of_the_account_is_made_unasked() -> None:
    session: Any = _Session({}, {"x-container-meta-temp-url-key": "own"}, {"k": _static("/c_segments/k/1")})
    api, (origin, _) = SwiftRequests(session, ROOT, "c"), parse_url("http://127.0.0.1:9/")
    with pytest.raises(JsobjError) as caught:
        temporary_url(api, origin, {"tempurl": {}}, "k", method="GET", seconds=60, make_key="container")
    assert caught.value.reference == "presign-account-key"
    assert "jsobj presign --make-key swift://c/k" in caught.value.hint


def judged(method: str, status: int, path: str = "/c/k", *, who: AccountContext | None = MEMBER, **words: Any) -> Any:
    keeper: Any = None if who is None else SimpleNamespace(accepted=False)
    _, bucket, *key = path.split("/", 2)
    fields = {k: v for k, v in words.items() if k in {"headers", "expect"}}
    request = Request(method, ROOT + path, bucket=bucket, key="".join(key), **fields)
    reply = Reply(status, "Because", {"x-trans-id": "tx1"}, words.get("body", b""), attempts=words.get("attempts", 1))
    return SwiftDialect(keeper, who).judge(request, reply)


@pytest.mark.parametrize(
    ("method", "status", "words", "reference", "code"),
    [
        ("GET", 404, {}, "object-not-found", ExitCode.NOT_FOUND),
        ("PUT", 404, {}, "bucket-not-found", ExitCode.NOT_FOUND),
        ("GET", 404, {"path": "/c"}, "bucket-not-found", ExitCode.NOT_FOUND),
        ("GET", 403, {}, "bucket-forbidden", ExitCode.REFUSED),
        ("GET", 401, {"who": None}, "not-public", ExitCode.AUTH),
        ("GET", 403, {"who": None, "path": "/c"}, "not-public", ExitCode.AUTH),
        ("PUT", 413, {"body": b"QuotaExceeded"}, "quota", ExitCode.REFUSED),
        ("PUT", 413, {}, "object-too-large", ExitCode.REFUSED),
        ("PUT", 507, {}, "quota", ExitCode.REFUSED),
        ("PUT", 400, {}, "object-refused", ExitCode.REFUSED),
        ("PUT", 422, {"attempts": 3}, "digest-differs", ExitCode.INTEGRITY),
        ("GET", 416, {}, "range-outside", ExitCode.USAGE),
        ("GET", 416, {"headers": {"if-match": "e"}}, "object-changed", ExitCode.INTEGRITY),
        ("GET", 412, {"headers": {"if-match": "e"}}, "object-changed", ExitCode.INTEGRITY),
        ("PUT", 412, {}, "object-refused", ExitCode.REFUSED),
        ("GET", 302, {}, "not-object-store", ExitCode.NETWORK),
    ],
)
def test_what_an_answer_means(method: str, status: int, words: Any, reference: str, code: ExitCode) -> None:
    error = judged(method, status, **words)
    assert isinstance(error, JsobjError)
    assert (error.reference, error.code) == (reference, code)
    assert f"HTTP {status} Because tx1" in error.context


@pytest.mark.parametrize(
    ("method", "status", "reference"),
    [
        ("PUT", 409, "bucket-name-taken"),
        ("PUT", 400, "bucket-name-rules"),
        ("PUT", 413, "quota"),
        ("PUT", 403, "bucket-forbidden"),
        ("DELETE", 409, "bucket-not-empty"),
        ("DELETE", 404, "bucket-not-found"),
    ],
)
def test_what_an_answer_means_of_a_container(method: str, status: int, reference: str) -> None:
    error = judged(method, status, "/c")
    assert isinstance(error, JsobjError)
    assert error.reference == reference


@pytest.mark.parametrize(
    ("method", "status", "kind"),
    [("PUT", 422, Retry), ("PUT", 409, Retry), ("GET", 503, Retry), ("GET", 498, Retry), ("GET", 401, Reauthorise)],
)
def test_what_may_pass(method: str, status: int, kind: type) -> None:
    assert isinstance(judged(method, status), kind)


def test_words_of_a_server_cannot_move_the_cursor() -> None:
    assert "\x1b" not in judged("PUT", 400, body=b"\x1b]0;title\x07 bad").context
    assert "<" not in judged("PUT", 400, body=b"<html>long page</html>").context


@pytest.mark.parametrize("same_before", [True, False])
def test_an_equal_object_from_before_does_not_settle_an_unclear_manifest(
    monkeypatch: pytest.MonkeyPatch, same_before: bool
) -> None:
    """It is of other segments: those would be deleted as replaced, and the object with them."""
    store = SwiftStore.__new__(SwiftStore)
    removed: list[object] = []
    unclear = JsobjError("server-busy", "no answer", code=ExitCode.NETWORK)

    class Requests:
        container = "c_segments"

        def send(self, *_: object, **__: object) -> None:
            raise unclear

    class SegmentsOfTest:
        requests = Requests()

        def replaced(self, key: str) -> tuple[Listed, ...]:
            return (Listed("old"),)

        def remove(self, found: Any) -> None:
            removed.extend(found)

    looks = iter([same_before, True])
    monkeypatch.setattr(store, "_requests", Requests(), raising=False)
    monkeypatch.setattr(store, "_segments", SegmentsOfTest(), raising=False)
    monkeypatch.setattr(store, "_holds", lambda key, etag: next(looks), raising=False)
    upload, parts = Upload("k", "k/jsobj/1-abc/5"), [Part(1, 5, "0" * 32)]
    if same_before:
        with pytest.raises(JsobjError):
            store._complete(upload, parts, PutOptions())
        assert removed == []
    else:
        store._complete(upload, parts, PutOptions())
        assert [each.key for each in removed] == ["old"]
