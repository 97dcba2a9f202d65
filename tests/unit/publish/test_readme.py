"""Descriptions: hostile ones do nothing, and those of people look as they meant them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from jsobj.publish.readme import LARGEST, first_paragraph, rendered

pytest.importorskip("markdown_it")
pytest.importorskip("nh3")

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:a)",
    "[x](file:///etc/passwd)",
    '[x](http://a"onmouseover="alert(1))',
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    '[x](a "title\\" onclick=\\"alert(1)")',
    "```html\n</code></pre><script>alert(1)</script>\n```",
    "[a]: javascript:alert(1)\n\n[a]",
    "<svg/onload=alert(1)>",
    "<style>*{display:none}</style>",
    "| a |\n|---|\n| <b onclick=x> |",
    "<iframe src=//evil>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
]


class Seen(HTMLParser):
    """What a browser would find: elements, and attributes of them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing(text: str) -> None:
    for name in ("README.md", "README.txt"):
        html = rendered(name, f"before\n\n{text}\n\nafter")
        assert "before" in html
        assert "after" in html
        seen = Seen(html)
        assert not set(seen.tags) & {"script", "img", "svg", "style", "iframe", "b", "h1", "form", "input"}
        assert {name for name, _ in seen.attributes} <= {"href", "title", "rel", "tabindex", "start"}
        for name_of, value in seen.attributes:
            if name_of == "href":
                assert re.match(r"https?:|mailto:|[^:]*$", value), value


def test_headings_stand_below_that_of_the_page() -> None:
    html = rendered("README.md", "# One\n\n## Two\n\n###### Six\n\nSetext\n======\n")
    assert re.findall(r"<h(\d)>", html) == ["2", "3", "6", "2"]
    assert "<h1" not in html


def test_links_and_pictures() -> None:
    html = rendered("README.md", "[a](data/x.nc) [b](https://x.org/) [c](mailto:a@b.c) [d](#here) ![e](fig/e.png)")
    assert re.findall(r'href="([^"]*)"', html) == ["data/x.nc", "https://x.org/", "mailto:a@b.c", "fig/e.png"]
    assert "<img" not in html
    assert ">e</a>" in html  # a picture is one click away, since a page loads nothing


def test_a_picture_in_a_link_is_one_link() -> None:
    html = rendered("README.md", "[![built](https://ci/x.svg)](https://ci/)")
    assert re.findall(r'href="([^"]*)"', html) == ["https://ci/"]
    assert ">built</a>" in html


def test_tables_and_code() -> None:
    html = rendered("README.md", "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx < 1\n```\n")
    assert "<th>a</th>" in html
    assert '<pre tabindex="0"><code>x &lt; 1' in html


def test_plain_text_stays_as_it_is() -> None:
    assert rendered("README.txt", b"# no <heading>\n  kept") == '<pre tabindex="0"># no &lt;heading&gt;\n  kept</pre>'
    assert rendered("README.md", b" \n\t\n") == ""


def test_marks_that_turn_text_around_are_shown() -> None:
    for name in ("README.md", "README"):
        html = rendered(name, "data\u202egnp.exe \u2066x\u2069 שלום")
        assert not set(html) & set("\u202e\u2066\u2069")
        assert "\\u202e" in html
        assert "שלום" in html


def test_very_long_descriptions_end() -> None:
    html = rendered("README.md", "x" * (LARGEST + 5000))
    assert len(html) < LARGEST + 100
    assert "..." in html


@pytest.mark.parametrize("text", ["[" * 9000, "> " * 9000, "`" * 9000, "![[" * 5000, "- " * 9000, "*a " * 9000])
def test_text_made_to_take_long_ends(text: str) -> None:
    assert rendered("README.md", text)


def test_bytes_that_are_no_utf8() -> None:
    assert "caf\ufffd" in rendered("README.md", b"caf\xe9")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("# Title\n\nThe first.\nIt goes on.\n\nThe second.", "The first. It goes on."),
        ("Title\n=====\n\n[![badge](x)](y)\n\nHere **is** [a link](z).", "Here is a link."),
        ("Title\n=====\nText at once", "Text at once"),
        ("", ""),
        ("# only a title", ""),
    ],
)
def test_the_first_paragraph(text: str, first: str) -> None:
    assert first_paragraph(text) == first
