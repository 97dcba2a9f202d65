"""Texts for JSON and YAML: double quotes as JSON writes them, which YAML reads alike."""

from __future__ import annotations

import json

from jsobj.export.configuration import Word, written


def quoted(text: str) -> str:
    """``text`` as a YAML scalar that is a string whatever is in it."""
    return json.dumps(text)


def inner(word: Word) -> Word:
    """The same without its quotes, for a text that is put together of pieces."""
    return written(word, lambda text: quoted(text)[1:-1])
