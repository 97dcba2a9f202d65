"""The report in a real Chromium: readable in light and dark, on a desk and on a phone, by keyboard and on paper."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import Tab, chromium
from report_samples import FAILED_IDS, WARNED_IDS, sample

WINDOWS = ((1280, 900), (360, 740))
SCHEMES = ("light", "dark")

# Every piece of text that is laid out: its words, its box, its colours (from the nearest ground that is painted).
TEXTS = """(() => {
  const rgb = text => (text.match(/[0-9.]+/g) || []).map(Number);
  const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const c = rgb(getComputedStyle(element).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
      if (c[3] !== 0) throw new Error("half transparent ground");
    }
    throw new Error("no ground");
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect(), element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({contentVisibilityAuto: true})) continue;
    if (box.width === 0 || box.height === 0) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    found.push({words: node.data, left: box.left, right: box.right,
      size: parseFloat(getComputedStyle(element).fontSize),
      contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)});
  }
  return found;
})()"""

# Of the articles of failed and warned checks: where they and their parts are, and what can be read there.
ARTICLES = """[...document.querySelectorAll("article")].map(article => ({
  id: article.id,
  text: article.innerText,
  parts: [article, ...article.querySelectorAll(".found, .hint, .command, .origin")].map(part => {
    const box = part.getBoundingClientRect();
    return {left: box.left, right: box.right, width: box.width, height: box.height,
      visible: part.checkVisibility({opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true}),
      clipped: part.scrollWidth > part.clientWidth};
  }),
}))"""

UNFOLD = "document.querySelectorAll('details').forEach(fold => { fold.open = true })"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with chromium(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(sample(), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_every_failed_check_and_its_hint_can_be_read(
    tab: Tab, page: Path, window: tuple[int, int], scheme: str
) -> None:
    tab.show(page, width=window[0], height=window[1], scheme=scheme)
    articles = {article["id"]: article for article in tab.ask(ARTICLES)}
    assert list(articles) == [f"check-{name}" for name in (*FAILED_IDS, *WARNED_IDS)]
    for article in articles.values():
        for part in article["parts"]:
            assert part["visible"], article["id"]
            assert part["width"] > 0
            assert part["height"] > 0
            assert part["left"] >= 0
            assert part["right"] <= window[0]
            assert not part["clipped"], article["id"]
    assert "jsobj ec2-creds --new --profile" in articles["check-ec2-key"]["text"]
    assert "try again in a minute" in articles["check-s3fs"]["text"]
    assert "jsobj doctor section-name --fix" in articles["check-section-name"]["text"]


@pytest.mark.parametrize("unfolded", [False, True], ids=["folded", "unfolded"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_text_fits_and_stands_out(tab: Tab, page: Path, window: tuple[int, int], scheme: str, unfolded: bool) -> None:
    """No horizontal scrolling; contrast of every text at least 4.5 (WCAG 2.2, 1.4.3 and 1.4.10)."""
    tab.show(page, width=window[0], height=window[1], scheme=scheme)
    if unfolded:
        tab.ask(UNFOLD)
    assert tab.ask("document.scrollingElement.scrollWidth") == window[0]
    texts = tab.ask(TEXTS)
    assert any("The key exists at Keystone" in text["words"] for text in texts)
    assert any("OS-EC2" in text["words"] and "credentials" in text["words"] for text in texts)
    assert any("/home/otto/.aws/config" in text["words"] for text in texts)
    assert any(text["words"] == "otto" for text in texts) is unfolded
    assert [text for text in texts if text["left"] < 0 or text["right"] > window[0]] == []
    assert [text for text in texts if text["contrast"] < 4.5] == []
    assert [text for text in texts if text["size"] < 12] == []


def test_dark_is_dark_and_light_is_light(tab: Tab, page: Path) -> None:
    grounds = {}
    for scheme in SCHEMES:
        tab.show(page, width=800, height=600, scheme=scheme)
        colour = tab.ask("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
        grounds[scheme] = sum(colour) / 3
    assert grounds["dark"] < 64
    assert grounds["light"] > 192


def test_browser_is_content_and_asks_for_nothing_else(tab: Tab, page: Path) -> None:
    tab.show(page, width=1280, height=900, scheme="light")
    tab.ask(UNFOLD)
    assert tab.complaints == []
    assert tab.requests == [page.as_uri()]
    assert tab.ask("document.compatMode") == "CSS1Compat"


def test_policy_forbids_script_and_connections(tab: Tab, page: Path, tmp_path: Path) -> None:
    """The witness that the policy is read: put into the page by force, neither a script nor a picture comes through."""
    forced = tmp_path / "forced.html"
    intruders = '<script>document.title = "intruder"</script><img src="other.png">'
    forced.write_text(sample().replace("</main>", f"{intruders}</main>"), encoding="utf-8")
    tab.show(forced, width=1280, height=900, scheme="light")
    assert tab.ask("document.title").startswith("jsobj doctor: Failed")
    assert len([line for line in tab.complaints if "Content Security Policy" in line]) == 2


def test_folds_open_by_keyboard(tab: Tab, page: Path) -> None:
    tab.show(page, width=1280, height=900, scheme="light")
    folds = tab.ask("document.querySelectorAll('summary').length")
    tab.press("Tab", 9)
    focused = "document.activeElement.matches('summary:focus-visible')"
    assert tab.ask(focused)
    assert tab.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.press("Enter", 13, "\r")
    assert tab.ask("document.activeElement.parentElement.open")
    assert tab.ask("document.querySelectorAll('details[open]').length") == 1
    assert folds >= 5


def test_one_click_selects_a_whole_command_and_a_whole_request_id(tab: Tab, page: Path) -> None:
    tab.show(page, width=360, height=740, scheme="light")
    wanted = {".command": "jsobj ec2-creds --new --profile", ".ids code": "req-bd1c0a57-4e5c-4fd5-8a6f-1b6b27a7f6f5"}
    for selector, beginning in wanted.items():
        place = tab.ask(
            f"(() => {{ const part = document.querySelector({selector!r}); part.scrollIntoView({{block: 'center'}});"
            "const box = part.getBoundingClientRect(); return {x: box.left + 20, y: box.top + box.height / 2}; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            tab.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)
        selected = tab.ask("getSelection().toString()")
        assert selected.startswith(beginning)
        assert "\n" not in selected.strip()
        assert selected.strip() == tab.ask(f"document.querySelector({selector!r}).textContent")


def test_paper_shows_what_is_folded_on_the_screen(tab: Tab, page: Path) -> None:
    tab.show(page, width=794, height=1123, scheme="dark", medium="print")
    words = [text["words"] for text in tab.ask(TEXTS)]
    assert "otto" in words
    assert tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert [text for text in tab.ask(TEXTS) if text["contrast"] < 4.5] == []
    pdf = base64.b64decode(tab.call("Page.printToPDF")["data"])
    assert pdf.startswith(b"%PDF-")
