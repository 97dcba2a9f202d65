"""Lists of digests, as programs write and read them: ``MANIFEST.sha256``, ``SHA256SUMS``, a bag's manifest.

Forms that are read: GNU coreutils (``DIGEST  NAME``, with a backslash in front where the name is escaped), BSD and
OpenSSL (``SHA256 (NAME) = DIGEST``, also from ``sha256sum --tag``), and BagIt's payload and tag manifests (RFC 8493,
section 2.1.3: any blanks between, line ends and percent signs in names percent-encoded). Written is the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from jsobj.errors import ExitCode, JsobjError

MANIFEST = "MANIFEST.sha256"  # the name of the lists that are made here

KINDS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_GNU = re.compile(r"\\?([0-9a-fA-F]{32,128}) [ *]?(.+)", re.DOTALL)
_BSD = re.compile(r"\\?(?:MD5|SHA-?(?:1|2-)?(?:224|256|384|512)?) ?\((.+)\) ?= ?([0-9a-fA-F]{32,128})", re.DOTALL)
_BAG = re.compile(r"([0-9a-fA-F]{32,128})[ \t]+\*?(.+)", re.DOTALL)
_BAG_FILE = re.compile(r"(?:tag)?manifest-[a-z0-9]+\.txt")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r", "\\": "\\"}
_PERCENT = re.compile(r"%(?:0[aAdD]|25)")


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One line of a list of digests: ``kind`` is md5, sha1, sha224, sha256, sha384 or sha512."""

    name: str
    kind: str
    digest: str


def written(name: str, digest: str) -> str:
    """The line of a file, with its end, as ``sha256sum`` of GNU coreutils 9 writes it."""
    name = f"./{name}" if name == "-" else name  # which would mean standard input
    plain = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if plain != name else ""
    return f"{mark}{digest}  {plain}\n"


def is_bag_manifest(source: str) -> bool:
    """Whether a list is by its name one of a BagIt bag."""
    return _BAG_FILE.fullmatch(source.rpartition("/")[2]) is not None


def read_manifest(lines: Iterable[str], source: str) -> Iterator[DigestLine]:
    """The lines of a list, whose own name is ``source``.

    Raises :class:`JsobjError`: local for what is no such line; refused for a name that leads out of the folder that
    the list is about (CWE-22). Both name the line.
    """
    bag = is_bag_manifest(source)
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r\n") if number > 1 else line.rstrip("\r\n").removeprefix("\ufeff")
        if not text or text.startswith("#"):
            continue
        name, digest = _bag_line(text) if bag else name_and_digest(text)
        kind = KINDS.get(len(digest))
        if not name or kind is None:
            raise JsobjError(
                "manifest-line",
                f"{source}, line {number}: not a digest and a name",
                code=ExitCode.LOCAL,
                hint="write it as sha256sum does: DIGEST, two spaces, NAME",
            )
        name = name.removeprefix("./")
        if reason := _leads_out(name):
            raise JsobjError(
                "manifest-path",
                f"{source}, line {number}: the name {reason}, so nothing in this list is trusted",
                code=ExitCode.REFUSED,
                hint="ask whoever made the list; names in it are relative to the folder that it is about",
            )
        yield DigestLine(name, kind, digest.lower())


def name_and_digest(text: str) -> tuple[str, str]:
    """Name and digest; "" for both where it is neither form."""
    name = digest = ""
    if match := _GNU.fullmatch(text):
        digest, name = match[1], match[2]
    elif match := _BSD.fullmatch(text):
        name, digest = match[1], match[2]
    if text.startswith("\\"):
        name = _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[0]), name)
    return name, digest


def _bag_line(text: str) -> tuple[str, str]:
    match = _BAG.fullmatch(text)
    return (_PERCENT.sub(lambda found: unquote(found[0]), match[2]), match[1]) if match else ("", "")


def _leads_out(name: str) -> str:
    if name.startswith("/"):
        return "begins with '/'"
    if ".." in name.split("/"):
        return "contains '..'"
    return "contains a NUL" if "\0" in name else ""
