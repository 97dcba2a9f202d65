"""Masking secrets in text that jsobj did not write itself: log lines of libraries, errors, differences of files.

The second lock: what is found here should never have come this far. Secrets that are known are masked by their owner,
by value; this is for those that can only be recognised by what stands around them.
"""

from __future__ import annotations

import re

from jsobj.secret import MASK

_PATTERNS = (
    # A separator must follow, or the S3 code AuthorizationHeaderMalformed would lose its end.
    re.compile(
        r"(?i)((?:x-auth-token|x-subject-token|x-service-token|authorization|[\w-]*temp-url-key(?:-2)?)"
        r"[\"']?\s*[:=]\s*[\"']?)[^\n'\"}]+"
    ),
    re.compile(
        r"(?i)((?:password|passcode|secret_(?:access_)?key|aws_secret_access_key|aws_session_token)[\"']?\s*[:=]\s*[\"']?)[^\s,'\"}&]+"
    ),
    re.compile(r"(?i)((?:secret|token)(?:[\"']\s*[:=]|\s*=)\s*[\"']?)[^\s,'\"}&]+"),
    re.compile(r"(?i)((?:secret|token):\s*)(?![a-z]+[ \t]+\S)[^\s,'\"}&]+"),  # but not "wrong secret: see the portal"
    re.compile(r"(?i)((?:X-Amz-Signature|X-Amz-Credential|Signature|temp_url_sig|\bsig|AccountKey)=)[^&\s'\"]+"),
    re.compile(r"(://[^\s/@:]*:)[^\s/@]+(?=@)"),  # a proxy's password
    re.compile(r"()gAAAAA[\w=-]{20,}"),  # a Fernet token
    re.compile(r"()ya29\.[\w.-]{20,}"),  # a token of Google's
    re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]+"),
)


def redact(text: str) -> str:
    """The text with everything that looks like a secret masked."""
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


def redact_assignment(line: str, name: str) -> str:
    """A line of a file (or of its diff) with the value masked where ``name``, a regular expression, is assigned."""
    return re.sub(rf'(?i)^([-+ ]?.*?{name}"?\s*[=:]\s*).+$', rf"\g<1>{MASK}", line)
