"""Local files as URLs: ``file:///data/run%2042/`` (RFC 8089), where places and paths may both stand."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote_to_bytes

from jsobj.errors import BadUsage

_SCHEME = "file:"
_LOCAL = re.compile(r"(?://(?:localhost)?)?(/.*)", re.IGNORECASE | re.DOTALL)


def path_of(text: str) -> str | None:
    """The path that a URL of a file means, a slash at its end kept; None for what is no such URL.

    Raises :class:`JsobjError` (usage) for a file on another machine, and for what no path can be.
    """
    if not text.lower().startswith(_SCHEME):
        return None
    found = _LOCAL.fullmatch(text[len(_SCHEME) :])
    if found is None or found[1].startswith("//"):
        raise BadUsage(f"'{text[:200]}' is no file of this machine", hint="write it like file:///home/me/data/")
    path = unquote_to_bytes(os.fsencode(found[1]))
    if b"\0" in path:
        raise BadUsage(f"'{text[:200]}' contains a NUL character, which no path can")
    return os.fsdecode(path)


def local_path(text: str) -> str:
    """The path that is meant where only a path can be, which may be written as the URL of a file.

    Raises :class:`JsobjError` (usage) as :func:`path_of` does.
    """
    return path_of(text) or text
