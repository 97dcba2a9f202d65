"""Text that is safe and readable on a terminal."""

from __future__ import annotations

import unicodedata

# Characters that change how others are shown: bidirectional controls and line separators.
_HOSTILE = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff")


def safe(text: str) -> str:
    r"""``text`` with every character that a terminal would interpret as an escape (``\x1b``, ``\u202e``).

    Names of buckets and objects and messages of servers may contain anything (CWE-150).
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(ch) for ch in text)


def _shown(ch: str) -> str:
    if ch in _HOSTILE or unicodedata.category(ch) in {"Cc", "Cs"}:
        code = ord(ch)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    return ch
