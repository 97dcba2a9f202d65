"""Descriptions that people put beside their data, as HTML that is safe: CommonMark with tables, else plain text.

Raw HTML is shown as text; links lead to the web, to mail, or to what is beside the page; a picture becomes a link,
since the page loads nothing. What markdown-it makes is sanitised again by nh3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from jsobj.publish.markup import escaped

if TYPE_CHECKING:
    from markdown_it.token import Token

LARGEST = 1024**2  # bytes of a description that are shown
_LARGEST_MARKDOWN = 128 * 1024  # characters; longer ones are shown as they are
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SCHEMES = frozenset({"http", "https", "mailto"})
_TAGS = frozenset(
    {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "a", "hr", "br"}
    | {"table", "thead", "tbody", "tr", "th", "td", "s"}
)
# They turn the order of what is read around; and what no text needs (CWE-150; Unicode TR 36).
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")


def rendered(name: str, data: bytes | str) -> str:
    """The description ``name`` as HTML without a heading of the first rank; "" for an empty one.

    ``name`` tells its form: Markdown where it ends in ``.md`` and markdown-it-py is installed, else it is shown as it
    is. Of what is longer than :data:`LARGEST` the beginning.
    """
    text = _text(data)
    if not text.strip():
        return ""
    if name.lower().endswith((".md", ".markdown")) and can_render() and len(text) <= _LARGEST_MARKDOWN:
        try:
            return _sanitised(_parser().render(text))
        except (RecursionError, ValueError):
            pass  # shown as it is
    return f'<pre tabindex="0">{escaped(text)}</pre>'


def first_paragraph(data: bytes | str, most: int = 5000) -> str:
    """The first paragraph of a description as plain text in one line, for search engines; "" for none."""
    text = re.sub(r"^.*\n(?:={3,}|-{3,})[ \t]*$", "", _text(data)[:_LARGEST_MARKDOWN], flags=re.MULTILINE)
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line.strip() for line in block.strip().splitlines()]
        prose = [line for line in lines if line and not re.match(r"#|[=\-*_`|~<>!\[]{2,}|\||<|!\[|\[!", line)]
        if prose:
            plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(prose))
            return re.sub(r"(\*\*|__|`)", "", plain)[:most].strip()
    return ""


def can_render() -> bool:
    """Whether the libraries for Markdown are installed."""
    return find_spec("markdown_it") is not None and find_spec("nh3") is not None


def _text(data: bytes | str) -> str:
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    text = text.removeprefix("\ufeff")
    if len(text) > LARGEST:
        text = f"{text[:LARGEST]}\n..."
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text.replace("\r\n", "\n").replace("\r", "\n"))


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("jsobj", _tame)
    return parser


def _tame(state: Any) -> None:
    """A rule of the parser: headings one rank lower, links only to where they may lead, pictures as links."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1:]) + 1)}"
        if token.children:
            token.children = list(_links(token.children))


def _links(tokens: Sequence[Token]) -> Iterator[Token]:
    from markdown_it.token import Token

    leads: list[bool] = []  # of the links that are open
    for token in tokens:
        if token.type == "link_open":
            leads.append(_harmless(str(token.attrs.get("href", ""))))
            if leads[-1]:
                yield token
        elif token.type == "link_close":
            if leads.pop():
                yield token
        elif token.type == "image":
            source = str(token.attrs.get("src", ""))
            text = Token("text", "", 0, content=token.content or source.rpartition("/")[2] or "picture")
            if any(leads) or not _harmless(source):
                yield text
            else:
                yield Token("link_open", "a", 1, attrs={"href": source})
                yield text
                yield Token("link_close", "a", -1)
        else:
            yield token


def _harmless(href: str) -> bool:
    """Whether a link may lead there; one inside of the page leads nowhere, since headings have no names."""
    if not href or href.startswith("#") or "\\" in href:
        return False
    scheme = _SCHEME.match(href)
    return scheme is None or scheme[1].lower() in _SCHEMES


def _sanitised(html: str) -> str:
    import nh3

    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )
    return clean.replace("<pre>", '<pre tabindex="0">')
