"""Signing for Azure's Blob storage with an account's key: requests (Shared Key), and links (service SAS).

Source of the rules: "Authorize with Shared Key" (Blob service, version 2015-02-21 and later) and "Create a service SAS"
(version 2020-12-06 and later) in Microsoft's documentation. One thing differs from the text and is what the service
does, as Microsoft's own libraries know: names of headers are sorted with '-' left out, and '_' before digits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from jsobj.secret import Secret

VERSION = "2021-12-02"
# In the order in which they are signed; what is not sent is an empty line.
_SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def authorization(
    account: str,
    key: Secret,
    method: str,
    path: str,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    size: int = 0,
) -> str:
    """The header ``Authorization``. ``path`` as it is sent, percent-encoded; ``query`` plain; ``size`` of the body."""
    sent = {**headers, "content-length": str(size or "")}
    lines = [method, *(sent.get(name, "") for name in _SIGNED)]
    own = sorted((name for name in headers if name.startswith("x-ms-")), key=_as_sorted)
    lines += [f"{name}:{' '.join(headers[name].split())}" for name in own]
    lines.append(f"/{account}{path}")
    lines += [f"{name.lower()}:{value}" for name, value in sorted(query)]
    return f"SharedKey {account}:{_mac(key, lines)}"


def _as_sorted(name: str) -> tuple[str, str]:
    return name.replace("-", "").replace("_", " "), name


def link_query(
    account: str, key: Secret, container: str, name: str, permissions: str, expiry: str, *, https: bool
) -> tuple[tuple[str, str], ...]:
    """The query that lets whoever has it do ``permissions`` with one blob until ``expiry`` (2026-11-30T12:00:00Z)."""
    protocol = "https" if https else "https,http"
    fields = {"sp": permissions, "se": expiry, "spr": protocol, "sv": VERSION, "sr": "b"}
    resource = f"/blob/{account}/{container}/{name}"
    # Permissions, start, end, resource, stored policy, address, protocol, version, kind, snapshot, encryption scope,
    # and five headers of the answer.
    lines = [permissions, "", expiry, resource, "", "", protocol, VERSION, "b", *[""] * 7]
    return (*fields.items(), ("sig", _mac(key, lines)))


def _mac(key: Secret, lines: Iterable[str]) -> str:
    text = "\n".join(lines).encode("utf-8", "surrogateescape")
    return base64.b64encode(hmac.new(base64.b64decode(key.reveal()), text, hashlib.sha256).digest()).decode()
