"""The page as bytes: what is in it, and that nothing foreign comes through."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from jsobj.publish.entries import Crumb, Entry, Link, Page, Way
from jsobj.publish.page import render

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "a\"b'c&amp;.txt",
    "line\nbreak",
    "evil\u202ecod.exe",
    "x\u2028y\u2029z",
    "javascript:alert(1)",
    "//elsewhere.example/x",
    "$title ${title} %s",
    "<!--",
    "]]>",
)


class Tree(HTMLParser):
    """The elements and texts of a document."""

    def __init__(self, document: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(document.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def data_of(document: bytes) -> Any:
    found = re.search(rb'<script type="application/json" id="data">(.*?)</script>', document, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_equal_values_make_equal_bytes_in_any_order() -> None:
    entries = tuple(Entry(f"f{n}", n, n) for n in range(30))
    assert render(Page("t", entries)) == render(Page("t", entries[::-1]))


def test_names_are_texts_and_nothing_else() -> None:
    page = Page(
        HOSTILE[0],
        tuple(Entry(name) for name in HOSTILE),
        (Crumb(HOSTILE[1], "../index.html"), Crumb(HOSTILE[0])),
        note=HOSTILE[1],
        ways=(Way(HOSTILE[0], HOSTILE[1], HOSTILE[2]),),
        links=(Link(HOSTILE[0], "./x"),),
        json_ld=json.dumps({"name": HOSTILE[1]}),
    )
    document = render(page)
    tree = Tree(document)
    assert [each.get("type") for each in tree.all("script")] == ["application/ld+json", None, "application/json", None]
    assert tree.all("img") == []
    assert sorted(each[0] for each in data_of(document)) == sorted(HOSTILE)
    for unseen in "\u202e\u2028\u2029":
        assert unseen not in document.decode()
    assert "\\u202e" in "".join(tree.texts)
    links = [each["href"] for each in tree.all("a")]
    assert "./javascript%3Aalert%281%29" in links
    assert ".///elsewhere.example/x" in links
    assert all(str(link).startswith(("./", "../", "#")) for link in links)


def test_a_name_with_a_step_has_no_link() -> None:
    document = render(Page("t", (Entry("a/../b"), Entry("./c"), Entry("d..e"))))
    assert [each["href"] for each in Tree(document).all("a")] == ["#list", "./d..e"]
    assert {row[0]: row[-1] for row in data_of(document)}["a/../b"] == "#"


def test_policy_allows_exactly_what_is_there() -> None:
    document = render(Page("t", (Entry("a"),)))
    policy = str(Tree(document).all("meta")[1]["content"])
    parts = re.findall(rb"<(?:style|script)>(.*?)</(?:style|script)>", document, re.DOTALL)
    assert len(parts) == 3
    for part in parts:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(part).digest()).decode()}'" in policy
    assert policy.count("sha256-") == 3
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.search(rb'(src|href)="(https?:|//)', document)


def test_entries_with_urls_of_their_own() -> None:
    url = "https://host/b/a?X-Amz-Signature=1&X-Amz-Expires=2"
    document = render(Page("t", (Entry("folder/a", url=url),), listed=False, note="until tomorrow", about="by share"))
    tree = Tree(document)
    assert tree.all("a")[-1]["href"] == url
    assert data_of(document)[0][-1] == url
    assert {"name": "robots", "content": "noindex"} in tree.all("meta")
    assert "until tomorrow" in tree.texts


@pytest.mark.parametrize("number", [0, 1, 100, 101, 1000])
def test_everything_is_there_without_a_script(number: int) -> None:
    document = render(Page("t", tuple(Entry(f"f{n}", n, 1_700_000_000) for n in range(number))))
    links = {each["href"] for each in Tree(document).all("a")}
    assert links == {"#list", *(f"./f{n}" for n in range(number))}
    assert document.count(b'<tr><th scope="row"') == min(number, 100)
    assert ("<noscript>" in document.decode()) == (number > 100)


def test_order_folders_first_and_numbers_by_value() -> None:
    names = ["b10", "b9", "A", "z/", "b/"]
    assert [row[0] for row in data_of(render(Page("t", tuple(map(Entry, names)))))] == ["b/", "z/", "A", "b9", "b10"]


def test_folders_and_digests() -> None:
    entries = (
        Entry("z.zarr/", 10, 5, objects=12, kind="Zarr"),
        Entry("gone/", objects=3, page=False),
        Entry("a", 1, md5="1" * 32),
        Entry("b", 1, md5="1" * 32, sha256="2" * 64),
    )
    document = render(Page("t", entries))
    tree = Tree(document)
    assert [each["href"] for each in tree.all("a")] == ["#list", "./z.zarr/index.html", "./a", "./b"]
    assert [row[3] for row in data_of(document) if len(row) > 3] == ["", "", "1" * 32, "2" * 64]
    assert "17 files, 12 B, last changed " in tree.texts
    assert "3 files" in tree.texts
