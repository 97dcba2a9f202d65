"""Foreign text made safe for a page: escaped, and with what is not seen made visible."""

from __future__ import annotations

import html
import json
import unicodedata
from typing import Any

# Control and format characters (bidirectional controls, zero width, BOM), surrogates, and the separators other than the
# plain space: whatever makes a name look other than it is (CWE-150; Unicode TR 36).
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
# They shape letters of Persian and of languages of India, and join emoji.
_JOINERS = "\u200c\u200d"


def escaped(text: str) -> str:
    """``text`` for the inside of an element or of a quoted attribute."""
    return html.escape(text, quote=True)


def named(text: str) -> str:
    r"""A name as HTML: isolated from the direction of its neighbours; what is not seen is shown as ``\u202e``."""
    if text.isascii() and text.isprintable():
        return f"<bdi>{escaped(text)}</bdi>"
    return f"<bdi>{''.join(map(_shown, text))}</bdi>"


def plain(text: str) -> str:
    """A name as text for a title or an attribute, not escaped yet."""
    return "".join(_code(ch) if _unseen(ch) else ch for ch in text)


def _shown(ch: str) -> str:
    return f'<span class="unseen">{_code(ch)}</span>' if _unseen(ch) else escaped(ch)


def _unseen(ch: str) -> bool:
    return ch != " " and ch not in _JOINERS and unicodedata.category(ch) in _UNSEEN


def _code(ch: str) -> str:
    code = ord(ch)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def script_json(value: Any) -> str:
    """A value as JSON for the inside of a ``script`` element, which nothing in it can end."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for ch in set(text):
        if ch in "<>&" or (ord(ch) < 0x10000 and _unseen(ch)):
            text = text.replace(ch, f"\\u{ord(ch):04x}")
    return text
