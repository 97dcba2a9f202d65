"""What a refusal of a server looks like as evidence."""

from __future__ import annotations

import pytest

from jsobj.net.request import evidence


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ((409, "BucketNotEmpty", "None", "tx01"), "HTTP 409 BucketNotEmpty tx01"),
        ((404, "404", "Not Found", ""), "HTTP 404 Not Found"),
        ((400, "", "<Error>\n  <Code>Odd</Code>\n</Error>", "tx01"), "HTTP 400 <Error> <Code>Odd</Code> </Error> tx01"),
    ],
)
def test_evidence_is_one_line_and_says_nothing_twice(facts: tuple[int, str, str, str], text: str) -> None:
    assert evidence(*facts) == text
