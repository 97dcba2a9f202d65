"""The one reader of ``/info``, in which Swift (and Ceph RGW, below ``/swift``) tells its features and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsobj.net.request import Reply


def server_info(reply: Reply) -> Mapping[str, Any]:
    """Settings by feature; empty for an answer that is no such document."""
    try:
        document = reply.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def limit_of(info: Mapping[str, Any], feature: str, name: str) -> int | None:
    """A limit of at least 1; None where the server does not tell it."""
    settings = info.get(feature)
    value = settings.get(name) if isinstance(settings, dict) else None
    return value if type(value) is int and value > 0 else None
