"""Indexes of folders as nginx, Apache and the like make them: the names in one, and nothing that is not below it.

Read is what calls itself an index ("Index of /data/"), and nginx's JSON. In any other page, links may lead anywhere and
mean anything: it is no list of files.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from jsobj.net.request import Reply

_TITLE = re.compile(r"\s*(?:index of|directory listing for|listing of)\b", re.IGNORECASE)
_TITLED = frozenset({"title", "h1"})


def names_in(reply: Reply, url: str) -> list[str] | None:
    """The names in the folder at ``url`` (ends in a slash), those of folders with a slash; None: it is no index.

    Sorted by their bytes, each once.
    """
    if reply.media_type == "application/json":
        found = _of_json(reply)
    else:
        page = _Page()
        page.feed(reply.text)
        page.close()
        found = [_name(link, url) for link in page.links] if page.is_index else None
    if found is None:
        return None
    return sorted({name for name in found if name}, key=lambda name: name.encode("utf-8", "surrogateescape"))


class _Page(HTMLParser):
    """The links of a page, and whether its title is an index's."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.is_index = False
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag in _TITLED
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag not in _TITLED

    def handle_data(self, data: str) -> None:
        self.is_index = self.is_index or (self._in_title and _TITLE.match(data) is not None)


def _name(link: str, url: str) -> str:
    """The one name below the folder that a link leads to; "" for any other link."""
    try:
        whole = urljoin(url, link.strip())
        parts = urlsplit(whole)
    except ValueError:
        return ""
    if parts.query or parts.fragment or "?" in link or "#" in link or not whole.startswith(url):
        return ""
    return _one(unquote(whole[len(url) :], errors="surrogateescape"))


def _one(name: str, *, folder: bool = False) -> str:
    bare = name.removesuffix("/")
    if bare in {"", ".", ".."} or "/" in bare or "\0" in bare:
        return ""
    return f"{bare}/" if folder else name


def _of_json(reply: Reply) -> list[str] | None:
    """nginx's ``autoindex_format json``: a list of objects with a name and a type."""
    try:
        document = json.loads(reply.body)
        if not isinstance(document, list):
            return None
        return [_one(str(each["name"]), folder=each["type"] == "directory") for each in document]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
