"""Texts for YAML: double quotes as JSON writes them, which YAML reads alike."""

from __future__ import annotations

import json


def quoted(text: str) -> str:
    """``text`` as a YAML scalar that is a string whatever is in it."""
    return json.dumps(text)


def inner(text: str) -> str:
    """The same without its quotes, for a text that is put together of pieces."""
    return quoted(text)[1:-1]
