"""Published pages in a real Chromium, by their public URLs: read, searched, sorted, copied and downloaded from."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from headless import Tab
from publish_scene import DESK, HOSTILE, Published, Scene, show

pytestmark = pytest.mark.parametrize("opened", ["swift", "rgw"], indirect=True, scope="module")

PHONE = (360, 740)
SCHEMES = ("light", "dark")
NAMES = "[...document.querySelectorAll('#table tbody th')].map(cell => cell.textContent)"
STATUS = "document.getElementById('count').textContent"
SORTED = "[...document.querySelectorAll('#table thead th')].map(head => head.getAttribute('aria-sort'))"
FOCUS = "document.activeElement.textContent || document.activeElement.id"


def test_opened_by_every_url_it_asks_for_nothing_else(tab: Tab, published: Published) -> None:
    for url in published.urls.values():
        show(tab, url)
        assert [each for each in tab.requests if not each.startswith("data:")] == [url]
        assert tab.complaints == []
        assert tab.ask("document.querySelector('h1').textContent") == "Sea surface temperature"
        assert tab.ask("document.querySelector('[aria-current=page]')") is None
        assert tab.ask("document.compatMode") == "CSS1Compat"
        assert tab.ask("window.intruder") is None
        tab.click("#table a[href='./raw/index.html']")
        tab.wait_for("document.readyState == 'complete' && document.querySelector('h1')?.textContent == 'raw'")
        assert tab.ask(NAMES) == ["notes.txt"]
        tab.click("nav a")
        title = "document.querySelector('h1')?.textContent"
        tab.wait_for(f"document.readyState == 'complete' && {title} == 'Sea surface temperature'")


def test_hostile_names_do_nothing_and_are_recognised(tab: Tab, scene: Scene) -> None:
    scene.fill({f"data/{name}": b"hostile" for name in HOSTILE})
    url = next(iter(scene.publish("--no-manifest", "--depth", "0").json["urls"].values()))
    show(tab, url)
    names = tab.ask(NAMES)
    assert len(names) == len(HOSTILE)
    for shown in ("a\"b'c & d.txt", "evil\\u202egnp.exe", "javascript:alert(1)", "x\\u2028y", "line\\x0abreak.txt"):
        assert shown in names
    assert "img" not in tab.ask("[...document.querySelectorAll('#table *')].map(part => part.localName)")
    links = tab.ask("[...document.querySelectorAll('#table tbody a')].map(link => link.href)")
    base = url.removesuffix("index.html")
    assert all(link.startswith(base) for link in links)
    assert tab.complaints == []
    assert f"{base}{quote('evil' + chr(0x202E) + 'gnp.exe')}" in links


def test_search_by_keyboard(tab: Tab, published: Published) -> None:
    show(tab, published.url)
    everything = tab.ask(NAMES)
    focus_search(tab)
    tab.type("RUN_ 1")
    assert tab.ask(NAMES) == ["run_1.nc", "run_10.bin"]
    assert tab.ask(STATUS) == f"2 of {len(everything)} entries"
    assert tab.ask("document.getElementById('count').getAttribute('role')") == "status"
    tab.type("zzz")
    assert (tab.ask(NAMES), tab.ask(STATUS)) == ([], f"0 of {len(everything)} entries")
    for _ in range(9):
        tab.press("Backspace", 8)
    assert tab.ask(NAMES) == everything


def focus_search(tab: Tab) -> None:
    for _ in range(40):
        tab.press("Tab", 9)
        if tab.ask("document.activeElement.id") == "search":
            return
    raise AssertionError("the search cannot be reached by keyboard")


def test_sorted_by_keyboard_alone(tab: Tab, published: Published) -> None:
    show(tab, published.url)
    assert tab.ask(SORTED) == ["ascending", None, None, None, None]
    names = tab.ask(NAMES)
    assert names[:2] == ["raw/ 1 file", "sea.zarr/ Zarr"]
    assert names.index("run_2.bin") < names.index("run_10.bin")
    focus_search(tab)
    tab.press("Tab", 9)
    assert tab.ask(FOCUS) == "Name"
    assert tab.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.press("Enter", 13, "\r")
    assert tab.ask(SORTED)[0] == "descending"
    assert tab.ask(NAMES) == names[::-1]
    tab.press("Tab", 9)
    tab.press(" ", 32, " ")
    assert tab.ask(SORTED) == [None, "descending", None, None, None]
    largest = tab.ask(NAMES)
    assert largest[0] == "run_10.bin"
    tab.press("Enter", 13, "\r")
    assert tab.ask(NAMES)[-1] == largest[0]


def test_a_file_is_downloaded_by_a_click(tab: Tab, published: Published, tmp_path: Path) -> None:
    show(tab, published.url)
    tab.download_to(tmp_path)
    tab.click("#table a[href='./run_2.bin']")
    assert tab.downloaded() == "completed"
    assert (tmp_path / "run_2.bin").read_bytes() == published.body


def test_links_and_digests_are_copied(tab: Tab, published: Published) -> None:
    show(tab, published.url)
    tab.allow("clipboardReadWrite", "clipboardSanitizedWrite")
    tab.click("[aria-label='Copy SHA-256 of run_2.bin']")
    assert tab.ask("navigator.clipboard.readText()") == hashlib.sha256(published.body).hexdigest()
    tab.click("[aria-label='Copy link to run_2.bin']")
    tab.wait_for("[...document.querySelectorAll('[role=status]')].some(part => part.textContent == 'Copied')")
    assert tab.ask("navigator.clipboard.readText()") == published.url.replace("index.html", "run_2.bin")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("window", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    tab: Tab, published: Published, axe: str, window: tuple[int, int], scheme: str
) -> None:
    for url in (published.url, published.url.replace("index.html", "sea.zarr/index.html")):
        show(tab, url, window, scheme)
        assert tab.ask("document.scrollingElement.scrollWidth") == window[0]
        colour = tab.ask("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
        assert (sum(colour) / 3 < 64) == (scheme == "dark")
        assert tab.complaints == []
        tab.ask(f"{axe}; 1")
        found: list[dict[str, Any]] = tab.ask("axe.run().then(found => found.violations)")
        said = [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found]
        assert said == []
        assert tab.ask("axe.run().then(found => found.passes.length)") > 20


def test_everything_is_there_without_a_script(tab: Tab, published: Published) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        show(tab, published.url)
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.ask("getComputedStyle(document.getElementById('tools')).display") == "none"
    assert "run_2.bin" in tab.ask(NAMES)
    assert tab.ask("document.querySelectorAll('button').length") == 0


def test_copied_over_plain_http_too_where_there_is_no_clipboard_api(tab: Tab, published: Published) -> None:
    show(tab, published.url)
    tab.allow("clipboardReadWrite", "clipboardSanitizedWrite")
    tab.ask("window.kept = navigator.clipboard; Object.defineProperty(navigator, 'clipboard', {value: undefined}); 1")
    tab.click("[aria-label='Copy link to run_10.bin']")
    tab.wait_for("[...document.querySelectorAll('[role=status]')].some(part => part.textContent == 'Copied')")
    assert tab.ask("kept.readText()") == published.url.replace("index.html", "run_10.bin")
    assert tab.ask("document.activeElement.getAttribute('aria-label')") == "Copy link to run_10.bin"
    assert tab.ask("document.querySelectorAll('textarea').length") == 0
