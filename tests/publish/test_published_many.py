"""A page of 10 000 entries in Chromium: how long until something is seen, and until a key has its effect.

The numbers are printed (pytest -rP) and in the report of --junitxml; bounds are only against hanging, since a test must
not depend on the speed of a machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from headless import Tab
from publish_scene import Scene, show

from jsobj.publish.entries import Entry, Page
from jsobj.publish.page import render

pytestmark = pytest.mark.parametrize("opened", ["swift"], indirect=True, scope="module")

NUMBER = 10_000
ROWS = "document.querySelectorAll('#table tbody tr').length"
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
# From a key or a click until what it changed has been painted, in milliseconds.
WATCH = """window.times = [];
for (const kind of ["keydown", "mousedown"]) addEventListener(kind, () => {
  const began = performance.now();
  requestAnimationFrame(() => requestAnimationFrame(() => times.push(performance.now() - began)));
}, true); 1"""


@pytest.fixture(name="many")
def _many(scene: Scene) -> str:
    """The URL of a page that was put there by hand: its 10 000 objects would say nothing more."""
    entries = (
        Entry(f"run_{n:05}_{'abcdef'[n % 6]}.nc", n * 7919 % 10**9, 1_700_000_000 + n, sha256=f"{n:064x}")
        for n in range(NUMBER)
    )
    page = render(Page("Many", tuple(entries)))
    scene.swift.put_object(scene.bucket, "index.html", page, content_type="text/html; charset=utf-8")
    return f"{scene.swift.url}/{scene.bucket}/index.html"


def test_many_entries(tab: Tab, many: str, record_property: Callable[[str, object], None]) -> None:
    show(tab, many)
    tab.wait_for("document.getElementById('count').textContent.startsWith('10')")
    measured: dict[str, float] = {"first paint": tab.wait_for(FIRST_PAINT)}
    measured["loaded"] = tab.ask("performance.getEntriesByType('navigation')[0].loadEventEnd")
    tab.ask(WATCH)
    tab.click("#search")
    for number, key in enumerate("run_0777", 1):
        tab.type(key)
        measured[f"key {number}"] = took(tab)
    assert tab.ask(ROWS) == 10
    assert tab.ask("document.getElementById('count').textContent").startswith("10 of 10\u202f000")
    for _ in "run_0777":
        tab.press("Backspace", 8)
        measured["key back"] = took(tab)
    assert tab.ask(ROWS) < 1000  # drawn piece by piece
    tab.click("#table thead th.size button")
    measured["sort"] = took(tab)
    first = tab.ask("document.querySelector('#table tbody th').textContent")
    assert first.startswith(f"run_{max(range(NUMBER), key=lambda n: n * 7919 % 10**9):05}_")
    before = tab.ask(ROWS)
    tab.ask("window.scrollTo(0, document.body.scrollHeight)")
    tab.wait_for(f"{ROWS} > {before}")
    for name, value in measured.items():
        record_property(f"{name} (ms)", round(value))
    sys.stderr.write(f"{ {name: round(value) for name, value in measured.items()} }\n")
    assert max(measured.values()) < 10_000


def took(tab: Tab) -> float:
    """The milliseconds of the last key or click, once it has been painted."""
    tab.wait_for("times.length")
    return float(tab.ask("times.splice(0).at(-1)"))


def test_all_of_them_are_reached_without_a_mouse(tab: Tab, many: str) -> None:
    show(tab, many)
    tab.wait_for(f"{ROWS} >= 60")
    tab.ask("document.getElementById('more').focus()")
    tab.press("Enter", 13, "\r")
    assert tab.ask("document.activeElement.localName") == "a"
    assert tab.ask(ROWS) >= 260
    assert tab.ask("document.activeElement.getBoundingClientRect().top") < 900
