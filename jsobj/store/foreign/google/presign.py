"""URLs with which one may GET or PUT one object until they expire, signed by a service account's key.

Source: "V4 signing process", Cloud Storage documentation; the form is Amazon's, with an RSA signature. No request is
made.
"""

from __future__ import annotations

import hashlib
import time
from urllib.parse import quote

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.session import query_string
from jsobj.store.foreign.google.requests import encoded
from jsobj.store.foreign.google.tokens import GoogleTokens
from jsobj.urls import Origin

_METHODS = frozenset({"GET", "PUT", "HEAD", "DELETE"})
_LONGEST = 7 * 86400


def signed_url(
    tokens: GoogleTokens,
    origin: Origin,
    bucket: str,
    key: str,
    *,
    method: str,
    seconds: int,
    now: float | None = None,
) -> str:
    """The URL. ``now``: seconds since 1970. Raises :class:`JsobjError`: usage (method, length), auth (no key)."""
    if method not in _METHODS:
        raise JsobjError("presign-words", f"no URL can be made for {method}", code=ExitCode.USAGE)
    if not 1 <= seconds <= _LONGEST:
        raise JsobjError(
            "presign-length",
            f"a URL cannot last {seconds} s: from one second to 7 days are allowed",
            code=ExitCode.USAGE,
            hint="write --expires 7d or less",
        )
    encoded(key)
    path = f"/{quote(bucket, safe='-_.~')}/{quote(key, safe='/-_.~', errors='surrogateescape')}"
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    scope = f"{moment[:8]}/auto/storage/goog4_request"
    who, _ = tokens.sign(b"")
    query = (
        ("X-Goog-Algorithm", "GOOG4-RSA-SHA256"),
        ("X-Goog-Credential", f"{who}/{scope}"),
        ("X-Goog-Date", moment),
        ("X-Goog-Expires", str(seconds)),
        ("X-Goog-SignedHeaders", "host"),
    )
    written = query_string(query)[1:]
    request = f"{method}\n{path}\n{written}\nhost:{origin.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode("utf-8", "surrogateescape")).hexdigest()
    _, signature = tokens.sign(f"GOOG4-RSA-SHA256\n{moment}\n{scope}\n{digest}".encode())
    return f"{origin}{path}?{written}&X-Goog-Signature={signature.hex()}"
