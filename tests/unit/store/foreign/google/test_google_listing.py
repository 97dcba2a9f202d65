"""Pages of a listing: their order, folders, what is hidden, and a server that does not advance."""

from __future__ import annotations

from typing import Any

import pytest

from jsobj.errors import JsobjError
from jsobj.store.foreign.google.listing import listing
from jsobj.store.foreign.google.requests import GoogleRequests


class Pages(GoogleRequests):
    """A bucket that answers with these pages, one after the other."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        session: Any = None
        super().__init__(session, "bucket")
        self._pages = list(pages)
        self.asked: list[dict[str, str]] = []

    def call(self, method: str, path: str, key: str = "", document: Any = None, **more: Any) -> dict[str, Any]:
        self.asked.append(dict(more["query"]))
        return self._pages.pop(0)


def page(*names: str, folders: tuple[str, ...] = (), token: str = "") -> dict[str, Any]:
    items = [{"name": name, "size": "1", "generation": "1"} for name in names]
    return {"items": items, "prefixes": list(folders), "nextPageToken": token}


def test_pages_follow_each_other_and_folders_stand_among_names() -> None:
    api = Pages(
        page("a", "c", folders=("b/",), token="t1"), page("d", folders=("b/",), token="t2"), page("é", "\U0001f600")
    )
    assert [item.key for item in listing(api, delimiter="/")] == ["a", "b/", "c", "d", "é", "\U0001f600"]
    assert [query.get("pageToken", "") for query in api.asked] == ["", "t1", "t2"]


def test_one_page_is_enough_for_who_wants_the_first() -> None:
    api = Pages(page("a", "b", token="t1"))
    found = listing(api)
    assert next(found).key == "a"
    found.close()  # type: ignore[attr-defined]
    assert len(api.asked) == 1


def test_parts_are_left_out_unless_they_are_named() -> None:
    hidden = ".jsobj-parts/key/1-00000000/00000001"
    assert [item.key for item in listing(Pages(page(hidden, "key")))] == ["key"]
    assert [item.key for item in listing(Pages(page("key", folders=(".jsobj-parts/",))), delimiter="/")] == ["key"]
    assert [item.key for item in listing(Pages(page(hidden)), ".jsobj-parts/")] == [hidden]


def test_a_listing_begins_behind_a_name() -> None:
    api = Pages(page("b", "c", folders=("b/",)))
    assert [item.key for item in listing(api, after="b", delimiter="/")] == ["b/", "c"]
    assert api.asked[0]["startOffset"] == "b"


@pytest.mark.parametrize(
    "pages",
    [
        (page("a", token="t"), page("b", token="t")),
        (page("a", "b", token="t"), page("b")),
        (page("b", "a"),),
        ({"items": "text"},),
        ({"items": [{"name": "a"}]},),
        ({"nextPageToken": 3},),
    ],
)
def test_a_server_that_goes_round_in_circles_or_answers_otherwise(pages: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(JsobjError):
        list(listing(Pages(*pages)))
