"""Names of blobs, of metadata and of blocks, there and back."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.errors import JsobjError
from jsobj.store.foreign.azure.names import (
    META,
    block_id,
    encoded,
    headers_for,
    md5_in,
    metadata_of,
    new_upload,
    of_block,
    to_base64,
)
from jsobj.store.values import PART_SIZE, Part, PutOptions

MD5 = "5eb63bbbe01eeed093cb22bb8f5acdc3"


def test_a_block_says_whose_it_is_and_what_is_in_it() -> None:
    upload, part = new_upload("k"), Part(50_000, 7, MD5)
    name = block_id(upload, part)
    assert of_block("k", name, 7) == (upload, part)
    assert len(base64.b64decode(name)) <= 64  # what Azure allows
    others = [block_id(upload, Part(1, 7, "0" * 32)), block_id(new_upload("k"), part)]
    assert {len(each) for each in others} == {len(name)}
    assert name not in others


@pytest.mark.parametrize("name", ["", "MDAwMQ==", "not base64", base64.b64encode(b"\xff\xfe").decode()])
def test_blocks_of_other_programs_are_not_ours(name: str) -> None:
    assert of_block("k", name, 7) is None


@pytest.mark.parametrize("name", ["a/../b", "..", ".", "a/.", "", "nul\0", "p\\q", "a./b", "a..."])
def test_names_that_would_be_another_blobs_path(name: str) -> None:
    with pytest.raises(JsobjError) as caught:
        encoded(name)
    assert caught.value.reference == "object-name"


def test_a_name_is_encoded_once() -> None:
    assert encoded("a b/ü%20+?#//.x/y.z") == "a%20b/%C3%BC%2520%2B%3F%23//.x/y.z"


NAMES = st.from_regex(r"[a-z0-9_.-]{1,12}", fullmatch=True).filter(lambda name: not name.startswith("rename_"))
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20).map(str.strip)


@given(st.dictionaries(NAMES, VALUES, max_size=1))
def test_metadata_come_back_under_their_names(metadata: dict[str, str]) -> None:
    headers = headers_for(PutOptions(metadata=metadata))
    assert all(name.isascii() and value.isascii() for name, value in headers.items())
    assert all(name[len(META) :].isidentifier() for name in headers)
    assert metadata_of(headers) == metadata


def test_what_is_kept_and_what_is_not() -> None:
    served = {"cache-control": "no-cache", "expires": "Mon, 30 Nov 2026 04:30:00 GMT"}
    options = PutOptions("text/plain", "gzip", {"mtime": "1.5", PART_SIZE: "8"}, served, MD5)
    assert headers_for(options) == {
        "x-ms-meta-mtime": "1.5",
        "x-ms-blob-content-type": "text/plain",
        "x-ms-blob-content-encoding": "gzip",
        "x-ms-blob-cache-control": "no-cache",
        "x-ms-blob-content-md5": "XrY7u+Ae7tCTyyK7j1rNww==",
    }


def test_digests() -> None:
    assert md5_in(to_base64(MD5)) == MD5
    assert [md5_in(text) for text in ("", "x", "AAAA", "\u00fc")] == [""] * 4
