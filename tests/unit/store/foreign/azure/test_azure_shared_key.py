"""Signatures as azure-storage-blob 12.31 makes them of the same requests."""

from __future__ import annotations

import base64

import pytest

from jsobj.secret import Secret
from jsobj.store.foreign.azure.shared_key import authorization, link_query

KEY = Secret(base64.b64encode(bytes(range(64))).decode())
SENT = {"x-ms-date": "Mon, 30 Nov 2026 04:30:00 GMT", "x-ms-version": "2021-12-02"}
# The service sorts these as a_b, a1, ab.
META = {"x-ms-meta-ab": "3", "x-ms-meta-a1": "2", "x-ms-meta-a_b": "1"}
BODY = {"content-type": "text/plain", "content-md5": "XrY7u+Ae7tCTyyK7j1rNww==", "x-ms-blob-type": "BlockBlob"}


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "size", "signature"),
    [
        (
            "GET",
            "/one",
            (("restype", "container"), ("comp", "list"), ("prefix", "a/b c")),
            {},
            0,
            "XZCVhmBc3uBcQA4iUsIAmBA2ckPF2XYOs+GZ4ayHaI0=",
        ),
        ("PUT", "/one/a%20b.txt", (), {**BODY, **META}, 11, "QcBHXDc897MvOyn2QGpxPjF7IAug8MW6CPrGU8Mnenk="),
        ("HEAD", "/samples/one/k", (), {"if-match": '"0x8D"'}, 0, "4m5VvkkDIbf6r/2FU/M8/7zQjqEpBWVpU4B4QpGeHYo="),
    ],
)
def test_requests(
    method: str, path: str, query: tuple[tuple[str, str], ...], headers: dict[str, str], size: int, signature: str
) -> None:
    made = authorization("samples", KEY, method, path, query, {**headers, **SENT}, size)
    assert made == f"SharedKey samples:{signature}"


def test_a_link_to_one_blob() -> None:
    query = dict(link_query("samples", KEY, "one", "a b/ü.txt", "r", "2026-12-01T00:00:00Z", https=True))
    assert query == {
        "sp": "r",
        "se": "2026-12-01T00:00:00Z",
        "spr": "https",
        "sv": "2021-12-02",
        "sr": "b",
        "sig": "BG8JdQYWViqeGn0VWGFs2OmG6rfeyWcLxomGVvYvd0k=",
    }
