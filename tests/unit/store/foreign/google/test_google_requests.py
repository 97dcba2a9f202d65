"""Google's documents as values, and back; answers that Google does not give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.errors import JsobjError, NotObjectStore
from jsobj.net.request import Reply
from jsobj.net.session import Session
from jsobj.store.etag import is_md5
from jsobj.store.foreign.google.requests import (
    GoogleRequests,
    base64_of,
    encoded,
    etag_of,
    generation_of,
    info_of_media,
    resource,
)
from jsobj.store.values import ObjectInfo, PutOptions

OBJECT = {
    "name": "a/b",
    "size": "11",
    "generation": "1796012085344324",
    "md5Hash": "XrY7u+Ae7tCTyyK7j1rNww==",
    "crc32c": "yZRlqg==",
    "contentType": "text/plain",
    "contentEncoding": "gzip",
    "timeCreated": "2026-11-30T04:14:45.344Z",
    "metadata": {"Who": "Ärger"},
    "cacheControl": "no-cache",
}


@pytest.fixture(name="api")
def _api() -> GoogleRequests:
    session: Any = Session.__new__(Session)  # nothing is sent
    return GoogleRequests(session, "bucket")


def test_a_document_as_values(api: GoogleRequests) -> None:
    info = api.info(OBJECT)
    assert info == ObjectInfo(
        "a/b",
        11,
        "g1796012085344324",
        1796012085.344,
        "text/plain",
        "gzip",
        {"who": "Ärger"},
        version="1796012085344324",
        served={"cache-control": "no-cache"},
        md5="5eb63bbbe01eeed093cb22bb8f5acdc3",
        crc32c="c99465aa",
    )
    assert resource(info.kept()) == {
        "contentType": "text/plain",
        "contentEncoding": "gzip",
        "metadata": {"who": "Ärger"},
        "cacheControl": "no-cache",
    }
    assert base64_of(info.md5) == OBJECT["md5Hash"]
    assert resource(PutOptions()) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"size": "x"},
        {"generation": 3},
        {"generation": "1x"},
        {"name": ""},
        {"name": "\ud800"},
        {"metadata": [1]},
        {"size": None},
    ],
)
def test_documents_that_are_none(api: GoogleRequests, change: dict[str, Any]) -> None:
    with pytest.raises(NotObjectStore):
        api.info({**OBJECT, **change})
    if "metadata" not in change:
        with pytest.raises(NotObjectStore):
            api.listed([OBJECT, {**OBJECT, **change}])
    with pytest.raises(NotObjectStore):
        api.listed(["text"])


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"{"])
def test_an_answer_without_a_document(api: GoogleRequests, body: bytes) -> None:
    with pytest.raises(NotObjectStore):
        api.read(Reply(200, "OK", {}, body))


@given(st.integers(0, 2**63))
def test_a_generation_never_looks_like_a_digest_or_a_number_of_parts(generation: int) -> None:
    etag = etag_of(str(generation))
    assert generation_of(etag) == str(generation)
    assert not is_md5(etag)
    assert ObjectInfo("k", 1, etag).parts is None
    assert ObjectInfo("k", 1, etag).whole_md5 == ""


@pytest.mark.parametrize(
    "etag", ["", "5eb63bbbe01eeed093cb22bb8f5acdc3", "g", "gx", "5eb63bbbe01eeed093cb22bb8f5acdc3-3"]
)
def test_an_etag_of_another_kind_is_no_generation(etag: str) -> None:
    assert generation_of(etag) == "0"


def test_a_key_is_one_segment_of_a_path(api: GoogleRequests) -> None:
    assert api.path("a/b c+d%é?#") == "/b/bucket/o/a%2Fb%20c%2Bd%25%C3%A9%3F%23"
    for key in ("", ".", "..", "a\0"):
        with pytest.raises(JsobjError):
            encoded(key)


def test_what_a_download_tells(api: GoogleRequests) -> None:
    headers = {
        "content-range": "bytes 0-9/100",
        "content-length": "10",
        "x-goog-hash": "crc32c=yZRlqg==, md5=XrY7u+Ae7tCTyyK7j1rNww==",
        "content-type": "text/plain",
    }
    info = info_of_media(api, "k", "g12", Reply(206, "", headers))
    assert (info.size, info.etag, info.version, info.crc32c) == (100, "g12", "12", "c99465aa")
    assert info.md5 == "5eb63bbbe01eeed093cb22bb8f5acdc3"
    with pytest.raises(NotObjectStore):
        info_of_media(api, "k", "g12", Reply(206, "", {"content-range": "bytes 0-9/*"}))
