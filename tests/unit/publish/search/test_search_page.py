"""The search page as bytes: its policy, and that a title is a text."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from jsobj.publish.search.page import render_search


def test_only_its_own_style_and_script_and_its_own_server() -> None:
    document = render_search("Plants").decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', document)
    assert policy is not None
    digests = set(re.findall(r"'sha256-[^']*'", policy[1]))
    for text in re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", document, re.DOTALL):
        digests.remove(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'")
    assert digests == set()
    assert re.sub(r"'sha256-[^']*'", "*", policy[1]) == (
        "default-src 'none'; style-src *; script-src *; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )
    assert "://" not in document
    assert document == render_search("Plants").decode()


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "</title><img src=x>", "a\u202eb", "$title", "\"'&"])
def test_a_title_is_a_text(title: str) -> None:
    document = render_search(title).decode()
    assert document.count("<script") == 1
    assert "<img" not in document
    assert "\u202e" not in document.replace("\\u202e", "")


def test_no_comment_of_the_sources_is_sent() -> None:
    assert b"/*" not in render_search("x")
