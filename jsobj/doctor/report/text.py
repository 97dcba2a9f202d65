r"""Foreign text made safe for a page: HTML escaped, invisible characters shown, commands and request ids found.

Pure functions on strings. They do not mask secrets: what comes here has been masked.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

# Control (Cc), format (Cf: bidirectional controls, zero width, BOM) and surrogate (Cs) characters, and the separators
# other than the plain space (Zl, Zp, Zs): whatever makes a text look other than it is. A no-break space pasted into a
# file is a cause the reader must be able to see. (CWE-150; Unicode TR 36.)
_SHOWN_AS_ESCAPE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
_LAYOUT = frozenset(" \n\t")

_PROGRAMS = (
    "aws|cat|chmod|chown|cp|curl|date|env|export|fuser|getent|grep|host|id|install|jsobj|ls|mkdir|mv|nslookup|openssl|openstack|"
    "pip|ping|python|python3|rm|sed|sudo|swift|timedatectl|umount|unset"
)
# A command is what follows ": " (or begins a line) up to the line's end. Punctuation of a sentence within it means that
# the writer went on talking: better no command block than one that cannot be pasted.
_COMMAND = re.compile(rf"(?:(?<=: )|^)(?:\$ )?((?:{_PROGRAMS})(?: (?!\()[^\n]*)?)$")
_ALTERNATIVE = re.compile(r"[,;] (or:) |; (?=or )")
_SENTENCE_GOES_ON = re.compile(r"[;,] | \(|[.;,:]$| (?:and|or|shows|tells|to see) ")

_ACRONYMS = frozenset({"api", "ca", "dns", "ec2", "http", "https", "id", "rc", "s3", "tcp", "tls", "url"})
_KEEP_AS_WRITTEN = frozenset({"s3fs"})

_REQUEST_ID_NAME = re.compile(r"request[-_ ]?id|trans[-_ ]?id|x-amz-id-2", re.IGNORECASE)
_REQUEST_ID = re.compile(
    r"\breq-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"  # Keystone: x-openstack-request-id
    r"|\btx[0-9a-f]{21}-[0-9a-f]{10}[^\s,;'\"<>)\]]*"  # Swift (x-trans-id) and Ceph RGW: x-amz-request-id
)


def layer_name(name: str) -> str:
    """A layer's id in words: ``round-trip`` is "Round trip", ``dns`` is "DNS"."""
    words = re.split(r"[-_]", name)
    text = " ".join(word.upper() if word in _ACRONYMS else word for word in words)
    return text if words[0] in _KEEP_AS_WRITTEN else text[:1].upper() + text[1:]


def escape(text: str) -> str:
    r"""``text`` for the inside of an element or of a quoted attribute.

    Newlines and tabs stay (the style keeps them); other characters that are not seen are written ``\x1b``, ``\u202e``.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_visible, text))
    return html.escape(text, quote=True)


def _visible(ch: str) -> str:
    if ch in _LAYOUT or unicodedata.category(ch) not in _SHOWN_AS_ESCAPE:
        return ch
    code = ord(ch)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def split_hint(hint: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a hint in order: (text, whether it is a command to paste).

    The house writes hints as ``what to do: command``, or as the command alone; ``or`` joins two of them.
    """
    # Not splitlines(), which would swallow separators that the reader should see (U+2028, form feed).
    for line in hint.split("\n"):
        if not (line := re.sub(r"^or: +", "or: ", line.strip(" \t"))):  # lists of ways are aligned
            continue
        pieces = [piece for part in _ALTERNATIVE.split(line) if part for piece in _pieces(part)]
        yield from pieces if any(is_command for _, is_command in pieces) else [(line, False)]


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    found = _COMMAND.search(text)
    if found is None or _SENTENCE_GOES_ON.search(found.group(1)):
        yield text, False
        return
    if before := text[: found.start()].rstrip(" "):
        yield before, False
    yield found.group(1), True


def request_ids(name: str, text: str) -> Iterator[str]:
    """The request ids in one piece of evidence: all of it where ``name`` says so, else what has the form of one.

    Forms: ``req-<uuid>`` (oslo.middleware), ``tx<21 hex>-<10 hex>...`` (swift.common.utils.generate_trans_id; RGW).
    """
    if _REQUEST_ID_NAME.search(name) and text.strip():
        yield text.strip()
    else:
        yield from _REQUEST_ID.findall(text)
