"""Signing requests for S3: AWS Signature Version 4, in headers and in URLs.

Written out here rather than taken from botocore, because importing that takes longer than the request, and because it
is done for every object of a transfer; a test compares the two over many requests. Source of the rules: "Signature
Version 4 signing process", Amazon S3 API reference; S3 differs from other services in that the path is not normalised
and is encoded once.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from jsobj.secret import Secret

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
LONGEST_URL = 7 * 86400  # seconds; a longer life is refused by every server
DEFAULT_REGION = "us-east-1"  # what SDKs sign without a setting; on RGW it also avoids the LocationConstraint trap
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What signs an S3 request."""

    access: str
    secret: Secret


class Signer:
    """Signs for one key and region. May be shared by threads: what is kept of a day is replaced as a whole."""

    __slots__ = ("_secret", "_today", "access", "region")

    def __init__(self, access: str, secret: Secret, region: str) -> None:
        self.access = access
        self.region = region
        self._secret = secret
        self._today = ("", b"")  # the day, and the key of that day

    def headers(
        self,
        method: str,
        host: str,
        path: str,
        query: Iterable[tuple[str, str]],
        headers: Mapping[str, str],
        payload: str,
        *,
        now: float | None = None,
    ) -> dict[str, str]:
        """All headers to send: ``headers`` (names in small letters), each of them signed, and those that sign.

        ``host``: what ``Host`` will say; ``path``: percent-encoded; ``query``: not encoded; ``payload``: the SHA-256 of
        the body (hexadecimal) or ``UNSIGNED_PAYLOAD``; ``now``: seconds since 1970.
        """
        stamp = _stamp(now)
        signed = {**headers, "host": host, "x-amz-content-sha256": payload, "x-amz-date": stamp}
        names = sorted(signed)
        lines = "".join([f"{name}:{_squeezed(signed[name])}\n" for name in names])
        listed = ";".join(names)
        signature = self._signature(f"{method}\n{path}\n{canonical_query(query)}\n{lines}\n{listed}\n{payload}", stamp)
        scope = f"{self.access}/{stamp[:8]}/{self.region}/s3/aws4_request"
        signed["authorization"] = f"{_ALGORITHM} Credential={scope}, SignedHeaders={listed}, Signature={signature}"
        return signed

    def presigned_query(self, method: str, host: str, path: str, seconds: int, *, now: float | None = None) -> str:
        """The query (without ``?``) with which one may send ``method`` to ``path`` for ``seconds`` (1 to 604800)."""
        stamp = _stamp(now)
        query = canonical_query(
            (
                ("X-Amz-Algorithm", _ALGORITHM),
                ("X-Amz-Credential", f"{self.access}/{stamp[:8]}/{self.region}/s3/aws4_request"),
                ("X-Amz-Date", stamp),
                ("X-Amz-Expires", str(seconds)),
                ("X-Amz-SignedHeaders", "host"),
            )
        )
        signature = self._signature(f"{method}\n{path}\n{query}\nhost:{host}\n\nhost\n{UNSIGNED_PAYLOAD}", stamp)
        return f"{query}&X-Amz-Signature={signature}"

    def policy_fields(self, policy: str, *, now: float | None = None) -> dict[str, str]:
        """The fields of a form (POST Object) that sign its ``policy`` (base64), whose conditions
        :meth:`form_conditions` are among.
        """
        stamp = _stamp(now)
        signature = hmac.digest(self._day_key(stamp), policy.encode(), "sha256").hex()
        return {**self.form_conditions(now=now), "policy": policy, "x-amz-signature": signature}

    def form_conditions(self, *, now: float | None = None) -> dict[str, str]:
        """The fields of a form that its policy must name with their values."""
        stamp = _stamp(now)
        scope = f"{self.access}/{stamp[:8]}/{self.region}/s3/aws4_request"
        return {"x-amz-algorithm": _ALGORITHM, "x-amz-credential": scope, "x-amz-date": stamp}

    def _signature(self, canonical: str, stamp: str) -> str:
        digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
        text = f"{_ALGORITHM}\n{stamp}\n{stamp[:8]}/{self.region}/s3/aws4_request\n{digest}"
        return hmac.digest(self._day_key(stamp), text.encode(), "sha256").hex()

    def _day_key(self, stamp: str) -> bytes:
        day = stamp[:8]
        known, key = self._today
        if known != day:
            key = f"AWS4{self._secret.reveal()}".encode()
            for part in (day, self.region, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._today = (day, key)
        return key


def canonical_query(query: Iterable[tuple[str, str]]) -> str:
    """The query in the order and encoding that is signed: by encoded name, then by encoded value."""
    pairs = [(quote(k, safe=_UNRESERVED), quote(v, safe=_UNRESERVED)) for k, v in query]
    pairs.sort()
    return "&".join([f"{k}={v}" for k, v in pairs])


def signed_headers(
    method: str, netloc: str, path: str, *, access: str, secret: Secret, region: str, now: datetime | None = None
) -> dict[str, str]:
    """The headers of a request without a body or a query. ``path`` is not encoded yet."""
    moment = now.timestamp() if now is not None else None
    path = quote(path, safe="/-_.~")
    return Signer(access, secret, region).headers(method, netloc, path, (), {}, EMPTY_SHA256, now=moment)


def _stamp(now: float | None) -> str:
    year, month, day, hour, minute, second, *_ = time.gmtime(now)
    return f"{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"


def _squeezed(value: str) -> str:
    """A header's value as it is signed: no white space around it, and single spaces within."""
    return " ".join(value.split()) if "  " in value or value != value.strip() else value
