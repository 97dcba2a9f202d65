"""Indexes of folders: which names are taken from a page, and that nothing else is."""

from __future__ import annotations

import json

import pytest

from jsobj.net.request import Reply
from jsobj.store.foreign.web.index_page import names_in

URL = "https://h.org/data/run 1/".replace(" ", "%20")
APACHE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN"><html><head>
<title>Index of /data/run 1</title></head>
<body><h1>Index of /data/run 1</h1><table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
<tr><td><a href="/data/">Parent Directory</a></td></tr>
<tr><td><a href="b%20%26.nc">b &amp;.nc</a></td><td>1.2K</td></tr><tr><td><a href="in/">in/</a></td></tr>
<tr><td><a href="%C3%BC.txt">&uuml;.txt</a></td></tr></table></body></html>"""


def page(body: str, kind: str = "text/html; charset=utf-8") -> Reply:
    return Reply(200, "OK", {"content-type": kind}, body.encode())


def test_apache() -> None:
    assert names_in(page(APACHE), URL) == ["b &.nc", "in/", "ü.txt"]


def test_nginx() -> None:
    links = "".join(f'<a href="{link}">{link}</a>   01-Jan-2026 00:00   5\r\n' for link in ("../", "in/", "a.txt"))
    body = f"<html>\r\n<head><title>Index of /data/</title></head>\r\n<body><pre>{links}</pre></body></html>"
    assert names_in(page(body), URL) == ["a.txt", "in/"]
    listed = [{"name": "in", "type": "directory"}, {"name": "a.txt", "type": "file", "size": 5}]
    assert names_in(page(json.dumps(listed), "application/json"), URL) == ["a.txt", "in/"]


def test_pythons_own_server() -> None:
    body = "<head><title>Directory listing for /</title></head><ul><li><a href='a%23b'>a#b</a></li></ul>"
    assert names_in(page(body), URL) == ["a#b"]


@pytest.mark.parametrize(
    "link",
    [
        "../x",
        "..",
        ".",
        "./",
        "/etc/passwd",
        "//other.org/x",
        "https://other.org/data/run%201/x",
        "http://h.org/data/run%201/x",
        "https://h.org/data/x",
        "https://h.org/data/run%201/../x",
        "javascript:alert(1)",
        "mailto:a@h.org",
        "x?download=1",
        "x#part",
        "a/b",
        "a%2Fb",
        "..%2Fb",
        "%2e%2e/",
        "a%00b",
        "http://[bad/x",
        "",
    ],
)
def test_what_is_not_below_the_folder(link: str) -> None:
    assert names_in(page(f'<title>Index of /</title><a href="{link}">x</a><a href="ok">ok</a>'), URL) == ["ok"]


@pytest.mark.parametrize(
    "reply",
    [
        page("<title>Our data</title><p>Index of /</p><a href='a'>a</a>"),
        page("<a href='a'>Index of</a>"),
        page(""),
        page('{"name": "a"}', "application/json"),
        page("[1]", "application/json"),
        page("[" * 100_000, "application/json"),
    ],
)
def test_what_is_no_index(reply: Reply) -> None:
    assert names_in(reply, URL) is None


def test_very_many_links() -> None:
    links = "".join(f'<a href="f{number:06}.nc">f</a>\n' for number in range(100_000))
    names = names_in(page(f"<h1>Index of /</h1>{links}{links}"), URL)
    assert names is not None
    assert (len(names), names[0], names[-1]) == (100_000, "f000000.nc", "f099999.nc")
