"""S3's XML, and what is refused of it (F24)."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.net.xml import Element, XmlError, element, error_fields, parse

ROOT = frozenset({"R"})
RECORDS = frozenset({"C"})


def test_fields_and_records_come_apart() -> None:
    body = b'<?xml version="1.0"?><R xmlns="x"><A> 1 &lt;</A><C><K>a</K><O><K>deeper</K></O></C><B/><C><K>b</K></C></R>'
    found = parse(body, ROOT, RECORDS)
    assert dict(found.fields) == {"A": " 1 <", "B": "", "R": ""}
    assert [(tag, record["K"]) for tag, record in found.records] == [("C", "a"), ("C", "b")]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")))
def test_text_arrives_whole(text: str) -> None:
    from xml.sax.saxutils import escape

    found = parse(f"<R><C><K>{escape(text)}</K></C></R>".encode(), ROOT, RECORDS)
    assert found.records[0][1]["K"] == text


def test_percent_encoded_text() -> None:
    """As Azure sends names with characters that XML has not; others are as they are."""
    names = '<C><K Encoded="true">a%EF%BF%BE%2F%0B</K><L>%41</L></C><C><K Encoded="false">%41</K></C>'
    found = parse(f"<R>{names}</R>".encode(), ROOT, RECORDS)
    assert [record for _, record in found.records] == [{"K": "a\ufffe/\v", "L": "%41"}, {"K": "%41"}]


def test_long_text_arrives_whole() -> None:
    text = "x" * 100_000
    assert parse(f"<R><A>{text}</A></R>".encode(), ROOT).fields["A"] == text


BOMB = b'<!DOCTYPE R [<!ENTITY a "aaaaaaaaaa">%s]><R>&j;</R>' % b"".join(
    b'<!ENTITY %c "%s">' % (ord("b") + n, b"&%c;" % (ord("a") + n) * 10) for n in range(9)
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BOMB, "document type"),
        (b'<!DOCTYPE R [<!ENTITY x SYSTEM "file:///etc/passwd">]><R>&x;</R>', "document type"),
        (b'<!DOCTYPE R SYSTEM "http://127.0.0.1:9/x.dtd"><R/>', "document type"),
        (b"<R>&unknown;</R>", "no XML"),
        (b"<R><A>\xff\xfe</A></R>", "no XML"),
        (b"<R><A>\0</A></R>", "no XML"),
        (b"<R><A>cut o", "no XML"),
        (b"", "no XML"),
        (b"<html><body>Log in</body></html>", "root is <html>"),
        (b"<R>" + b"<a>" * 100_000, "too deeply"),
        (b'{"json": true}', "no XML"),
    ],
    ids=["bomb", "file", "dtd", "entity", "utf8", "nul", "cut", "empty", "portal", "deep", "json"],
)
def test_F24_hostile_documents_are_refused_in_little_memory(body: bytes, reason: str) -> None:
    tracemalloc.start()
    with pytest.raises(XmlError, match=reason):
        parse(body, ROOT, RECORDS)
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("body", [BOMB, b"<R>" + b"<a>" * 100_000, b"<R><A>cut o", b"", b"<html/>", b"<R/><R/>"])
def test_hostile_documents_are_no_elements(body: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(XmlError):
        element(body, "R")
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


def test_an_element_is_written_as_it_was_read() -> None:
    made = Element(
        "R", children=(Element("A", "x & <y> \r\n ä"), Element("B", children=(Element("A", "2"), Element("A"))))
    )
    read = element(f"<?xml version='1.0'?>\n{made.write()}".encode(), "R")
    assert read == made
    assert (read.text_at("B", "A"), read.text_at("A", "B"), read.text_at("C")) == ("2", "", "")
    spaced = element(b'<R xmlns="urn:x">\n  <A a="1">1</A>\n <!-- no --> <A><![CDATA[<2>]]></A></R>', "R")
    assert [each.text for each in spaced.all("A")] == ["1", "<2>"]


def test_an_error_is_read_where_there_is_one() -> None:
    body = b"  \n<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code><Message>no &amp; never</Message></Error>"
    assert error_fields(body) == {"Code": "NoSuchKey", "Message": "no & never", "Error": ""}
    assert error_fields(b"") == error_fields(b"<html/>") == error_fields(b"<Error><Code>") == {}
    assert error_fields(b"<!DOCTYPE a><Error><Code>x</Code></Error>") == {}
