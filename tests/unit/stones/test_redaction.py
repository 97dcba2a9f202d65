"""What looks like a secret is masked; what only resembles one is not."""

from __future__ import annotations

import pytest

from jsobj.redaction import redact, redact_assignment


@pytest.mark.parametrize(
    "text",
    [
        "X-Auth-Token: hunter2",
        "'X-Service-Token': 'hunter2'",
        "authorization=AWS4-HMAC-SHA256 Credential=hunter2",
        "x-account-meta-temp-url-key-2: hunter2",
        '{"password": "hunter2"}',
        "secret=hunter2&x=1",
        "token: hunter2",
        "GET /a?X-Amz-Signature=hunter2",
        "https://a.blob.core.windows.net/c/k?sv=2021&sig=hunter2",
        "AccountName=a;AccountKey=hunter2;x",
        "http://me:hunter2@proxy.example:3128",
        "a gAAAAAhunter2hunter2hunter2hunter2 b",
        "a ya29.hunter2hunter2hunter2-hunter2 b",
        "-----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY-----",
        "https://storage.googleapis.com/b/k?X-Goog-Signature=hunter2",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert "hunter2" not in redact(text)
    assert "***" in redact(text)


def test_words_about_secrets_stay() -> None:
    for text in (
        "AuthorizationHeaderMalformed",
        "the token ends: tomorrow",
        "wrong secret: see the portal",
        "http://proxy.example:3128/a@b",
    ):
        assert redact(text) == text


@pytest.mark.parametrize("line", ["+key = hunter2", '-\t"key": "hunter2",', " export key=hunter2", "key: hunter2"])
def test_an_assignment_loses_its_value(line: str) -> None:
    masked = redact_assignment(line, r"\bkey")
    assert masked.endswith("***")
    assert redact_assignment(line, "other") == line
