"""Listings come in the order of names' bytes, whatever order the server has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.errors import JsobjError
from jsobj.identity.foreign.azure import AzureLogin
from jsobj.net.request import Reply
from jsobj.store.foreign.azure.listing import objects
from jsobj.store.foreign.azure.requests import AzureRequests

NAMES = st.lists(st.text("ab/-0\u00e9\ud7ff\ue000\uffee\U0001f4e6\U00020000", min_size=1, max_size=4), unique=True)


class Pages:
    """A server's pages: what it says, not what it is."""

    login = AzureLogin("samples", "https://samples.blob.core.windows.net", "")
    container = "one"

    def __init__(self, pages: list[str]) -> None:
        self.pages = pages

    def send(self, method: str, key: str | None = None, *, query: tuple[tuple[str, str], ...] = ()) -> Reply:
        number = int(dict(query).get("marker", "0"))
        following = f"<NextMarker>{number + 1}</NextMarker>" if number + 1 < len(self.pages) else "<NextMarker />"
        body = f"\ufeff<?xml version='1.0' encoding='utf-8'?><EnumerationResults ServiceEndpoint='x'>{following}"
        return Reply(200, "OK", {}, f"{body}<Blobs>{self.pages[number]}</Blobs></EnumerationResults>".encode())


def blob(name: str, more: str = "") -> str:
    properties = (
        "<Etag>0x8D</Etag><Content-Length>3</Content-Length><Content-MD5>XrY7u+Ae7tCTyyK7j1rNww==</Content-MD5>"
    )
    return f"<Blob><Name>{escape(name)}</Name><Properties>{properties}{more}</Properties></Blob>"


def listed(names: Iterable[str], size: int = 3, more: str = "", **words: Any) -> list[str]:
    made = [blob(name, more) for name in names]
    pages = ["".join(made[at : at + size]) for at in range(0, len(made), size)] or [""]
    return [item.key for item in objects(cast(AzureRequests, Pages(pages)), **words)]


@given(NAMES)
def test_utf16_order_becomes_that_of_bytes(names: list[str]) -> None:
    sent = sorted(names, key=lambda name: name.encode("utf-16-be"))
    assert listed(sent) == sorted(names)


@given(NAMES)
def test_an_account_with_folders_is_sorted_as_a_whole(names: list[str]) -> None:
    sent = sorted(names, key=lambda name: name.split("/"))
    assert listed(sent, more="<ResourceType>file</ResourceType>") == sorted(names)


def test_its_folders_are_no_objects() -> None:
    page = blob("a", "<ResourceType>directory</ResourceType>") + blob("a/b", "<ResourceType>file</ResourceType>")
    (item,) = objects(cast(AzureRequests, Pages([page])))
    assert (item.key, item.size, item.etag, item.md5) == ("a/b", 3, "0x8D", "5eb63bbbe01eeed093cb22bb8f5acdc3")


def test_names_that_come_encoded() -> None:
    encoded = '<Name Encoded="true">'
    page = blob("a%25b%EF%BF%BE").replace("<Name>", encoded) + f"<BlobPrefix>{encoded}b%EF%BF%BF/</Name></BlobPrefix>"
    assert [item.key for item in objects(cast(AzureRequests, Pages([page])))] == ["a%b\ufffe", "b\uffff/"]


def test_names_after_another() -> None:
    assert listed(["a", "b", "c", "d"], after="b") == ["c", "d"]


def test_a_page_that_is_not_sorted_and_pages_that_are_not() -> None:
    assert listed(["10", "9", "a"][::-1]) == ["10", "9", "a"]
    with pytest.raises(JsobjError) as caught:
        listed(["b", "c", "d", "a"])
    assert caught.value.reference == "listing-stuck"


@pytest.mark.parametrize("page", ["<Blob><Name></Name></Blob>", "<Blob><Name>x</Name></Blob>", "<Blob>"])
def test_what_is_no_listing(page: str) -> None:
    with pytest.raises(JsobjError) as caught:
        list(objects(cast(AzureRequests, Pages([page]))))
    assert caught.value.reference == "not-object-store"
