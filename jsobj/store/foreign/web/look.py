"""Tells an object store from another web server, by how it answers one request without a login."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from jsobj.net.client import HttpClient
from jsobj.net.connection.response_head import WireError

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.net.request import Reply

# Headers that no other server sends: S3 (Amazon, Ceph), Swift, Google.
_MARKS = frozenset({"x-amz-request-id", "x-amz-id-2", "x-trans-id", "x-openstack-request-id", "x-guploader-uploadid"})
_DOCUMENT = re.compile(
    rb"(?:<\?xml[^>]*>)?\s*<(?:Error>\s*<Code>|ListBucketResult|ListAllMyBucketsResult)", re.IGNORECASE
)
_LOOKED_AT = 4096  # bytes


def is_object_store(settings: Settings, url: str) -> bool | None:
    """Whether an object store answers at ``url``; None where nothing does.

    A proxy before it may take its headers away: then its error document is what tells.
    """
    with contextlib.closing(HttpClient(settings.environ, authorities(settings))) as client:
        try:
            head = client.send("HEAD", url, headers={})
            if _MARKS & head.headers.keys():
                return True
            return head.status >= 400 and _is_document(client.send("GET", url, headers={}, max_body=_LOOKED_AT))
        except WireError:
            return None


def _is_document(reply: Reply) -> bool:
    return bool(_MARKS & reply.headers.keys()) or _DOCUMENT.match(reply.body.lstrip()) is not None


def authorities(settings: Settings) -> bool | str:
    """What the certificates of servers are checked with that no login names."""
    return settings.get("AWS_CA_BUNDLE") or settings.ca_bundle or True
