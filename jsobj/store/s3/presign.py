"""URLs with which one may GET or PUT one object over S3 until they expire: SigV4 in the query, no request made."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.sigv4 import LONGEST_URL, Signer
from jsobj.urls import Origin

_METHODS = frozenset({"GET", "PUT", "HEAD", "DELETE"})


def presigned(signer: Signer, origin: Origin, path: str, *, method: str, seconds: int, now: float | None = None) -> str:
    """The URL of ``path`` (percent-encoded). ``now``: seconds since 1970.

    Raises :class:`JsobjError`: usage (method, length), auth (there is no key to sign with).
    """
    if not signer.access:
        raise JsobjError(
            "presign-no-key", "without a key no URL can be signed", code=ExitCode.AUTH, hint="make one: jsobj ec2-creds"
        )
    if method not in _METHODS:
        raise JsobjError("presign-words", f"no URL can be made for {method}", code=ExitCode.USAGE)
    if not 1 <= seconds <= LONGEST_URL:
        raise JsobjError(
            "presign-length",
            f"a URL cannot last {seconds} s: from one second to 7 days are allowed over S3",
            code=ExitCode.USAGE,
            hint="write --expires 7d or less",
        )
    return f"{origin}{path}?{signer.presigned_query(method, origin.netloc, path, seconds, now=now)}"


@dataclass(frozen=True, slots=True)
class PostForm:
    """A form that anybody may send with one file. ``fields`` go before the file, whose field is called ``file``."""

    url: str
    fields: Mapping[str, str]


def post_form(
    signer: Signer, origin: Origin, path: str, bucket: str, prefix: str, *, largest: int, ends: float, now: float
) -> PostForm:
    """A form by which a file comes to be below ``prefix`` under its own name ("POST Object" of the Amazon S3 API).

    ``path``: the bucket's, percent-encoded. The server refuses more than ``largest`` bytes, other keys, and
    everything after ``ends`` (seconds since 1970; measured on Ceph RGW 16, which also takes an object that is there for
    a file of the same name). Swift's S3 API knows no such forms.
    """
    until = datetime.fromtimestamp(ends, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions: list[object] = [
        {"bucket": bucket},
        ["starts-with", "$key", prefix],
        ["content-length-range", 0, largest],
        {"success_action_status": "201"},
        *({name: value} for name, value in signer.form_conditions(now=now).items()),
    ]
    policy = base64.b64encode(json.dumps({"expiration": until, "conditions": conditions}).encode()).decode()
    fields = {"key": f"{prefix}${{filename}}", "success_action_status": "201"}
    return PostForm(f"{origin}{path}", fields | signer.policy_fields(policy, now=now))
