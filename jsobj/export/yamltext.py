"""Texts for JSON and YAML: double quotes as JSON writes them, which YAML reads alike."""

from __future__ import annotations

import json
from collections.abc import Mapping

from jsobj.export.configuration import Word, written


def inner(word: Word) -> Word:
    """A word as JSON and YAML escape it between double quotes, without these."""
    return written(word, lambda text: json.dumps(text)[1:-1])


def mapping(pairs: Mapping[str, Word], indent: int) -> tuple[Word, ...]:
    """The lines of a YAML mapping whose values are strings, cut where secrets are."""
    return tuple(piece for name, word in pairs.items() for piece in (f'{" " * indent}{name}: "', inner(word), '"\n'))
