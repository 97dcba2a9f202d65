"""The search page in a real Chromium, by its public URLs: searched, filtered, sorted, opened, and when things fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from catalog_scene import COLUMNS, FILES, HOSTILE, ROOT, Searched, few, many, searched
from headless import Tab
from publish_scene import DESK, show

pytestmark = pytest.mark.parametrize("opened", ["swift", "rgw"], indirect=True, scope="module")

PHONE = (360, 740)
ROWS = len([*few()])
STATUS = "document.getElementById('count').textContent.replaceAll('\\u202f', ' ')"
ENDED = "document.getElementById('count').getAttribute('aria-busy') == 'false'"
DRAWN = "document.querySelectorAll('#table tbody tr').length"
ACTIVE = "document.activeElement"
FOCUS = f"{ACTIVE}.id || {ACTIVE}.getAttribute('aria-label') || {ACTIVE}.textContent"
TROUBLE = "document.getElementById('trouble').textContent"
HASH = "decodeURIComponent(location.hash)"


@pytest.fixture(scope="module")
def page(opened: Any) -> Searched:
    scene = opened()
    scene.fill(FILES)
    return searched(scene, few())


def anew(tab: Tab, url: str, window: tuple[int, int] = DESK, scheme: str = "light") -> None:
    """Also where it differs only in its fragment from what is shown."""
    show(tab, "about:blank")
    show(tab, url, window, scheme)


def see(tab: Tab, url: str, status: str) -> None:
    anew(tab, url)
    wait(tab, status)


def wait(tab: Tab, status: str) -> None:
    tab.wait_for(f"{ENDED} && {STATUS} == '{status}'")


def column(tab: Tab, title: str) -> list[str]:
    found: list[str] = tab.ask(
        f"[...document.querySelectorAll('#table tbody [data-title=\"{title}\"]')].map(cell => cell.textContent)"
    )
    return found


def put(tab: Tab, label: str, value: str) -> None:
    """Into a field, as a picker of dates does."""
    tab.ask(
        f"(field => {{ field.value = '{value}'; field.dispatchEvent(new Event('input')); }})"
        f"(document.querySelector('[aria-label=\"{label}\"]'))"
    )


def test_opened_by_every_url_it_asks_its_own_server_alone(tab: Tab, page: Searched) -> None:
    for url in page.urls.values():
        see(tab, url, f"{ROWS} rows")
        asked = [each for each in tab.requests if not each.startswith("data:")]
        assert len(asked) == 3
        assert asked[:2] == [url, url.replace("search.html", "_catalog/v1/search/index.json")]
        assert tab.complaints == []
        assert tab.ask("document.querySelector('h1').textContent") == "Search: Plants <b>"
        assert tab.ask(HASH) == ""
        tab.click("nav a")
        tab.wait_for("document.readyState == 'complete' && document.querySelector('h1')?.textContent == 'Plants <b>'")
        tab.click("a[href='./search.html']")
        tab.wait_for(f"document.readyState == 'complete' && location.href == '{url}'")
        wait(tab, f"{ROWS} rows")


def test_hostile_cells_are_texts(tab: Tab, page: Searched) -> None:
    see(tab, page.url, f"{ROWS} rows")
    shown = column(tab, "comment")
    for text in (*HOSTILE[:3], "evil\\u202egnp.exe", "line\\x0abreak", "x\\u2028y", "a\\x7fb"):
        assert text in shown
    assert tab.ask("document.querySelectorAll('img, tbody script').length") == 0
    assert tab.ask("window.intruder") is None
    assert tab.complaints == []
    assert len(column(tab, "File")) == ROWS
    assert len(tab.ask("[...document.querySelectorAll('tbody a')].map(link => link.href)")) == 2  # none leads up
    assert max(map(len, shown)) < 320
    tab.click("[aria-label='Show all of it']")
    assert max(map(len, column(tab, "comment"))) > 500


def test_a_file_is_downloaded_by_its_link(tab: Tab, page: Searched, tmp_path: Path) -> None:
    see(tab, page.url, f"{ROWS} rows")
    links = tab.ask("[...document.querySelectorAll('tbody a')].map(link => link.href)")
    assert [unquote(link.rpartition("/data/")[2]) for link in links] == ["a b/ü #1?.csv", "plain.csv"]
    tab.download_to(tmp_path)
    tab.click("tbody a")
    assert tab.downloaded() == "completed"
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == b"one\n"


def test_searched_filtered_and_sorted_by_keyboard(tab: Tab, page: Searched) -> None:
    see(tab, page.url, f"{ROWS} rows")
    for _ in range(20):
        tab.press("Tab", 9)
        if tab.ask(FOCUS) == "search":
            break
    tab.type("Name WITH")
    wait(tab, f"2 of {ROWS} rows")
    assert tab.ask("document.getElementById('count').getAttribute('role')") == "status"
    tab.press("ArrowDown", 40)
    assert tab.ask(FOCUS) == "a b/ü #1?.csv"
    tab.press("ArrowDown", 40)
    tab.press("ArrowDown", 40)
    assert tab.ask(FOCUS) == "plain.csv"
    tab.press("ArrowUp", 38)
    tab.press("ArrowUp", 38)
    assert tab.ask(FOCUS) == "search"
    tab.press("Tab", 9)
    tab.press("Enter", 13, "\r")
    assert tab.ask("document.getElementById('filters').open")
    reached = []
    for _ in range(30):
        tab.press("Tab", 9)
        reached.append(tab.ask(FOCUS))
        if reached[-1] == "degrees to":
            break
    assert reached[:3] == ["File contains", "Key contains", "item contains"]
    tab.type("20")
    wait(tab, f"1 of {ROWS} rows")
    assert column(tab, "degrees") == ["-3"]
    tab.wait_for(f"{HASH} == '#q=Name+WITH&.degrees=..20'")
    while tab.ask(FOCUS) != "date":
        tab.press("Tab", 9)
    assert tab.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.press("Enter", 13, "\r")
    assert tab.ask(FOCUS) == "date"
    tab.press("Enter", 13, "\r")
    tab.wait_for(f"{HASH} == '#q=Name+WITH&.degrees=..20&sort=-date'")
    tab.click("#clear")
    wait(tab, f"{ROWS} rows")
    assert tab.ask(FOCUS) == "search"
    tab.wait_for(f"{HASH} == ''")


def test_ranges_orders_and_what_has_no_value(tab: Tab, page: Searched) -> None:
    see(tab, page.url, f"{ROWS} rows")
    put(tab, "date from", "2025-12-31")
    wait(tab, f"{ROWS - 5} of {ROWS} rows")
    put(tab, "date to", "2026-03-01")
    wait(tab, f"2 of {ROWS} rows")
    assert column(tab, "date") == ["2026-03-01", "2025-12-31"]
    put(tab, "date from", "2027-01-01")
    wait(tab, f"0 of {ROWS} rows")
    see(tab, f"{page.url}#sort=degrees", f"{ROWS} rows")
    degrees = column(tab, "degrees")
    assert degrees[-1] == ""
    assert [float(each) for each in degrees[:-1]] == sorted(float(each) for each in degrees[:-1])
    assert tab.ask("[...document.querySelectorAll('thead th')].map(head => head.ariaSort)").count("ascending") == 1
    tab.click("thead [data-column='4']")
    wait(tab, f"{ROWS} rows")
    assert column(tab, "degrees") == [*sorted(degrees[:-1], key=float, reverse=True), ""]


def test_a_search_is_sent_by_its_url(tab: Tab, page: Searched) -> None:
    see(tab, f"{page.url}#q=m%C3%BCller&.date=2026-01-01..&sort=-date&show=comment&show=_sha256", f"1 of {ROWS} rows")
    assert column(tab, "comment") == [HOSTILE[-1]]
    assert column(tab, "SHA-256") == ["ab" * 32]
    assert column(tab, "File") == []
    tab.allow("clipboardReadWrite", "clipboardSanitizedWrite")
    tab.click("#share")
    tab.wait_for("[...document.querySelectorAll('[role=status]')].some(part => part.textContent == 'Copied')")
    copied = tab.ask("navigator.clipboard.readText()")
    see(tab, copied, f"1 of {ROWS} rows")
    assert tab.ask("document.querySelector('[aria-label=\"date from\"]').value") == "2026-01-01"
    tab.ask("location.hash = 'q=abab'")  # the digests are not shown now, and not searched
    wait(tab, f"0 of {ROWS} rows")
    tab.ask("location.hash = '.nothing=1&q=leaf'")
    wait(tab, f"1 of {ROWS} rows")
    assert tab.ask(TROUBLE) == "The link asks for columns that are not here: nothing."


def test_what_fails_is_said_plainly(tab: Tab, page: Searched) -> None:
    scene = page.scene
    (shard,) = (name for name in scene.names() if name.startswith(f"{ROOT}search/") and not name.endswith("index.json"))
    data, index = scene.body(shard), scene.body(f"{ROOT}search/index.json")
    scene.swift.delete_object(scene.bucket, shard)
    tab.call("Network.setCacheDisabled", cacheDisabled=True)  # else it has the shard for good
    try:
        anew(tab, f"{page.url}#q=name")
        said = tab.wait_for(TROUBLE)
        assert said.startswith(f"{ROWS} rows could not be read (HTTP 40")
        assert said.endswith("Try again")
        assert tab.ask(STATUS) == f"0 of {ROWS} rows"
        scene.fill({shard: data[:-9] + b"\0" + data[-8:]})
        tab.click("#trouble button")
        assert "damaged on the way" in tab.wait_for(f"{TROUBLE}.includes('damaged') && {TROUBLE}")
        scene.fill({shard: data})
        tab.click("#trouble button")
        wait(tab, f"2 of {ROWS} rows")
        assert tab.ask(f"{TROUBLE} + document.getElementById('trouble').hidden") == "true"
        scene.fill({f"{ROOT}search/index.json": index.replace(b"search/1", b"search/9")})
        anew(tab, page.url)
        assert "of another release" in tab.wait_for(TROUBLE)
        scene.swift.delete_object(scene.bucket, f"{ROOT}search/index.json")
        anew(tab, page.url)
        assert "The catalogue could not be read: HTTP 40" in tab.wait_for(TROUBLE)
    finally:
        scene.fill({shard: data, f"{ROOT}search/index.json": index})
        tab.call("Network.setCacheDisabled", cacheDisabled=False)


def test_a_browser_that_is_too_old_is_told(tab: Tab, page: Searched) -> None:
    source = "delete globalThis.DecompressionStream"
    script = tab.call("Page.addScriptToEvaluateOnNewDocument", source=source)["identifier"]
    try:
        anew(tab, page.url)
        assert "too old" in tab.wait_for(TROUBLE)
    finally:
        tab.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    tab: Tab, page: Searched, axe: str, window: tuple[int, int], scheme: str
) -> None:
    anew(tab, f"{page.url}#sort=date&.comment=a", window, scheme)
    tab.wait_for(f"{ENDED} && {DRAWN}")
    tab.ask("document.getElementById('columns').open = true")
    assert tab.ask("document.scrollingElement.scrollWidth") == window[0]
    assert tab.ask("document.getElementById('order').checkVisibility()") == (window == PHONE)
    tab.ask(f"{axe}; 1")
    found: list[dict[str, Any]] = tab.ask("axe.run().then(found => found.violations)")
    assert [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found] == []
    assert tab.complaints == []


@pytest.mark.parametrize("thousands", [100, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_very_many_rows(tab: Tab, opened: Any, thousands: int) -> None:
    total, names = thousands * 1000, [name for name, _ in COLUMNS]
    every, found = f"{total:,} rows".replace(",", " "), f"{total // 200:,}".replace(",", " ")
    page = searched(opened(), many(total))
    see(tab, page.url, every)
    assert tab.ask(DRAWN) == 60
    tab.ask("document.getElementById('search').focus()")
    tab.type("needle root")
    wait(tab, f"{found} of {every}")
    put(tab, "degrees from", "99")
    wait(tab, f"{found} of {every}")
    tab.ask(f"document.querySelector('thead [data-column=\"{names.index('date')}\"]').click()")
    tab.wait_for(f"{ENDED} && document.querySelector('[aria-sort=ascending]') && {DRAWN} >= 60")
    tab.wait_for(f"document.getElementById('more').scrollIntoView() || {DRAWN} >= 500")
    days = column(tab, "date")
    assert days == sorted(days)
    tab.ask("document.getElementById('clear').click()")
    tab.ask("document.getElementById('search').focus()")
    tab.type("k0099999")
    wait(tab, f"1 of {every}")
    assert tab.complaints == []
