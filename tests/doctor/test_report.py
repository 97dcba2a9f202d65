"""The report as text: what stands in it, in which order, and that nothing of a document can act on the page."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import FAILED_IDS, MADE, WARNED_IDS, check, document, first_found, sample

from jsobj.doctor.check import Check, Fix, Outcome, failed, passed, skipped
from jsobj.doctor.document import document as made_document
from jsobj.doctor.redact import Mask
from jsobj.doctor.report.page import render
from jsobj.doctor.report.text import escape, request_ids, split_hint

VOID = {"meta", "rect", "circle", "path"}
HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onclick='alert(1)", "</pre></style><b>",
    "\x1b[31mred\x1b]0;title\x07", "user\u202egnp.exe", "\u2066isolated\u2069", "zero\u200bwidth\ufeff", "&lt;&amp;",
    "no\u00a0break", "\ud800lonely", "\u2028line", "\x00\x9b", "javascript:alert(1)", "\U000e0041tag",
)  # fmt: skip


class Page(HTMLParser):
    """What a browser would see: elements with attributes, texts, and whether all that is opened is closed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    @property
    def words(self) -> str:
        return " ".join("".join(text for tag, text in self.texts if tag not in {"style", "title"}).split())


def page_of(*checks: dict[str, object]) -> str:
    return render(document(*checks), jsobj_version="1.2.3", made=MADE)


def hostile_page(text: str) -> str:
    evidence = {"found": text, text: text}
    fix = {"title": text, "path": text, "diff": f"+{text}"}
    return page_of(
        check(text, layer=text, title=text, status="FAIL", evidence=evidence, hint=f"say {text} again", fix=fix),
        check(f"{text}2", layer=text, title=text, status="PASS", evidence=evidence, hint=text, fix=fix),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_not_act(text: str) -> None:
    """Elements and attributes are the same as with a harmless text, and nothing invisible is left in the page."""
    page, plain = Page(hostile_page(text)), Page(hostile_page("word"))
    assert [tag for tag, _ in page.elements if tag != "span"] == [tag for tag, _ in plain.elements if tag != "span"]
    assert {name for _, attrs in page.elements for name in attrs} == {n for _, attrs in plain.elements for n in attrs}
    assert not page.open
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", page.words
    )
    page_of(check(text, evidence={"found": text})).encode("utf-8")


@settings(deadline=None)
@given(st.text())
def test_escape_leaves_no_markup_and_loses_nothing(text: str) -> None:
    page = Page(f"<p>{escape(text)}</p>")
    assert [tag for tag, _ in page.elements] == ["p"]
    shown = "".join(data for _, data in page.texts)
    decoded = re.sub(
        r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})", lambda m: chr(int(m[1] or m[2] or m[3], 16)), shown
    )
    if "\\" not in text:
        assert decoded == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[0m", "\\x1b[0m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u00a0b", "a\\xa0b"),
        ("\U000e0041", "\\U000e0041"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\r\n", "\\x0d\n"),
        ("<'\"&>", "&lt;&#x27;&quot;&amp;&gt;"),
        ("Zürich, 東京", "Zürich, 東京"),
    ],
)
def test_escape(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_page_needs_nothing_else() -> None:
    text = sample()
    page = Page(text)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "a",
        "base",
        "audio",
        "video",
        "use",
    }
    names = {name for _, attrs in page.elements for name in attrs}
    assert not names & {"src", "href", "srcset", "style", "xlink:href", "action", "poster"}
    assert not [name for name in names if name.startswith("on")]
    style = next(data for tag, data in page.texts if tag == "style")
    assert not re.search(r"url\(|@import|@font-face|expression\(", style)
    policy = next(attrs["content"] for tag, attrs in page.elements if "http-equiv" in attrs)
    assert policy is not None
    assert policy.split("; ")[:2] == ["default-src 'none'", "style-src 'unsafe-inline'"]


def test_page_has_language_title_and_headings_in_order() -> None:
    page = Page(sample())
    assert ("html", {"lang": "en"}) in page.elements
    title = next(data for tag, data in page.texts if tag == "title")
    assert title == "jsobj doctor: Failed: The key exists at Keystone"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_verdict_comes_first_and_every_failure_is_unfolded() -> None:
    page = Page(sample())
    words = page.words
    cause = words.index("Root cause")
    assert words.startswith("jsobj doctor 1.2.3 · 2026-11-21 03:10:00 UTC Failed The key exists at Keystone")
    assert cause < words.index("make a new key") < words.index("Layer by layer") < words.index("Also failed")
    articles = [attrs["id"] for tag, attrs in page.elements if tag == "article"]
    assert articles == [f"check-{name}" for name in (*FAILED_IDS, *WARNED_IDS)]
    assert not [attrs for tag, attrs in page.elements if tag == "details" and "open" in attrs]
    for name in FAILED_IDS:
        assert first_found(name) in words
    assert "1 warning" in words
    assert "2 failed" in words


def test_layers_stand_in_order_with_word_and_seconds() -> None:
    words = Page(sample()).words
    picture = words[words.index("Layer by layer") : words.index("Also failed")]
    rows = (
        "Local files Warning 1 of 2 0.01 s", "DNS Passed 0.04 s", "Token Passed 0.64 s", "EC2 key Failed 0.31 s",
        "S3 Skipped 2 \N{EN DASH}", "Round trip Failed 3.02 s",
    )  # fmt: skip
    squeezed = picture.replace(" ", "")
    places = [squeezed.find(row.replace(" ", "")) for row in rows]
    assert -1 not in places
    assert places == sorted(places)


def test_longest_layer_fills_its_bar() -> None:
    widths = [
        float(attrs["width"] or 0) for tag, attrs in Page(sample()).elements if tag == "rect" and "x" not in attrs
    ]
    assert max(widths) == 100.0
    assert min(widths) == 0.0


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((), "No check was run"),
        (("PASS", "PASS"), "Everything works"),
        (("PASS", "SKIP"), "Everything that was checked works"),
        (("SKIP",), "Nothing could be checked"),
        (("WARN", "PASS"), "Works, with 1 warning"),
        (("WARN", "WARN"), "Works, with 2 warnings"),
        (("WARN", "FAIL"), "Failed Title 1"),
    ],
)
def test_verdict(statuses: tuple[str, ...], verdict: str) -> None:
    checks = (check(f"c{n}", title=f"Title {n}", status=status) for n, status in enumerate(statuses))
    page = Page(page_of(*checks))
    heading = page.words.removeprefix("jsobj doctor 1.2.3 · 2026-11-21 03:10:00 UTC").strip()
    assert heading.startswith(verdict)
    assert [data for tag, data in page.texts if tag == "title"] == [
        f"jsobj doctor: {verdict.replace('Failed', 'Failed:')}"
    ]


def test_page_understands_the_documents_of_the_doctor_itself() -> None:
    """The contract with ``jsobj.doctor.document``: each field of a real finding has its place on the page."""
    fix = Fix("write the mode", Path("/home/otto/.aws/credentials"), "-mode 0644\n+mode 0600\n", lambda old: old or b"")
    findings = {
        "keys": failed("others can read it", {"owner": "otto"}, hint="mend it: jsobj doctor keys --fix", fix=fix),
        "trip": skipped("not looked at, since 'keys' failed"),
        "dns": passed("two names", {"address": "192.0.2.7"}),
    }
    outcomes = [
        Outcome(Check(name, f"layer of {name}", f"Title of {name}", lambda case: passed("")), finding, 0.25)
        for name, finding in findings.items()
    ]
    words = Page(render(made_document(outcomes, Mask([])), jsobj_version="1.2.3", made=MADE)).words
    expected = (
        "Failed Title of keys", "1 failed, 1 skipped, 1 passed", "others can read it", "owner", "otto",
        "jsobj doctor keys --fix", "/home/otto/.aws/credentials", "+mode 0600", "not looked at, since 'keys' failed",
        "two names", "192.0.2.7", "Layer of keys", "0.25 s", "write the mode",
    )  # fmt: skip
    assert [text for text in expected if text not in words] == []


def test_fix_shows_command_path_and_change() -> None:
    fix = {"title": "write [profile js2]", "path": "~/.aws/config", "diff": "-[js2]\n+[profile js2]\n"}
    page = Page(page_of(check("a b", status="WARN", fix=fix)))
    assert "jsobj doctor 'a b' --fix" in page.words
    assert "~/.aws/config" in page.words
    kinds = [attrs.get("class") for tag, attrs in page.elements if tag == "span"]
    assert [kind for kind in kinds if kind in {"removed", "added"}] == ["removed", "added"]


def test_fix_does_not_repeat_the_command_of_the_hint() -> None:
    words = Page(page_of(check("a", status="WARN", hint="mend it: jsobj doctor --fix", fix={"title": "x"}))).words
    assert words.count("--fix") == 1


@pytest.mark.parametrize(
    ("hint", "pieces"),
    [
        ("log in first: jsobj login RCFILE", [("log in first:", False), ("jsobj login RCFILE", True)]),
        ("ls -l '/tmp/a b'", [("ls -l '/tmp/a b'", True)]),
        ("$ unset OS_TOKEN", [("unset OS_TOKEN", True)]),
        ("see: env | grep ^AWS_\nthen again", [("see:", False), ("env | grep ^AWS_", True), ("then again", False)]),
        ("choose one: --region A", [("choose one: --region A", False)]),
        ("look: jsobj endpoint (with no URL) shows it", [("look: jsobj endpoint (with no URL) shows it", False)]),
        ("run: jsobj login RCFILE, or the portal", [("run: jsobj login RCFILE, or the portal", False)]),
        ("a\u2028b\r", [("a\u2028b\r", False)]),
        ("id cards are no commands.", [("id cards are no commands.", False)]),
        (
            "chmod 600 '/home/a b', or: jsobj doctor --fix",
            [("chmod 600 '/home/a b'", True), ("or:", False), ("jsobj doctor --fix", True)],
        ),
        (
            "make it: jsobj ec2-creds; or do without",
            [("make it:", False), ("jsobj ec2-creds", True), ("or do without", False)],
        ),
        ("this, or: that", [("this, or: that", False)]),
        ("or:   jsobj help keyless", [("or:", False), ("jsobj help keyless", True)]),
        ("", []),
    ],
)  # fmt: skip
def test_only_what_can_be_pasted_becomes_a_command(hint: str, pieces: list[tuple[str, bool]]) -> None:
    assert list(split_hint(hint)) == pieces


def test_request_ids_are_kept_once_each_with_the_check_that_met_them() -> None:
    openstack, swift = "req-bd1c0a57-4e5c-4fd5-8a6f-1b6b27a7f6f5", "tx0a1b2c3d4e5f6071829ab-00675e9f10"
    rgw = "tx00000e3a1f2b3c4d5e6f7-00675e9f10-1a2b-default"
    assert list(request_ids("", f"401 ({openstack}), then <{swift}>")) == [openstack, swift]
    assert list(request_ids("said", f"RequestId={rgw}")) == [rgw]
    assert list(request_ids("Request ID", " anything at all ")) == ["anything at all"]
    assert list(request_ids("said", "nothing of that form: tx123, req-1")) == []
    words = Page(
        page_of(check("a", title="First", evidence={"found": swift}), check("b", evidence={"x-trans-id": swift}))
    ).words
    assert words.endswith("for programs.")
    block = words[words.index("Request ids") :]
    assert block.count(swift) == 1
    assert f"First{swift}" in block.replace(" ", "")


ABOUT = {
    "cloud": "js2",
    "user": "otto",
    "project": "climate",
    "swift_url": "https://store.example.org/swift/v1/AUTH_1",
    "s3_url": "https://store.example.org",
    "system": "Debian GNU/Linux 12",
    "python": "3.11.7",
    "region": "",
    "versions": {"jsobj": "1.2.3", "boto3": "1.43.0", "s3fs": ""},
}


def test_the_head_says_who_where_and_with_what() -> None:
    words = Page(render(document(check("a")) | {"about": ABOUT}, jsobj_version="1.2.3", made=MADE)).words
    head = words[: words.index("Layer by layer")]
    rows = (
        "Cloud js2 User otto Project climate Swift https://store.example.org/swift/v1/AUTH_1 "
        "S3 https://store.example.org System Debian GNU/Linux 12 Python 3.11.7 Versions jsobj 1.2.3, boto3 1.43.0"
    )
    assert rows.replace(" ", "") in head.replace(" ", "")
    assert "Region" not in head


def test_a_document_that_does_not_say_has_no_head() -> None:
    assert "facts" not in [attrs.get("class") for _, attrs in Page(page_of(check("a"))).elements]


def test_date_is_utc_whatever_the_zone() -> None:
    made = datetime(2026, 11, 21, 1, 10, tzinfo=timezone(timedelta(hours=-2)))
    assert render(document(), jsobj_version="<1>", made=made) == render(document(), jsobj_version="<1>", made=MADE)
    assert "2026-11-21T03:10:00Z" in render(document(), jsobj_version="<1>", made=made)


def test_no_seconds_draw_no_bar() -> None:
    assert '<rect width="0.0"' in page_of(check("a", seconds=0))
