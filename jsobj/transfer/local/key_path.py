"""Keys and paths: which path below the target a key becomes, or why it is refused.

A key is any text; a path is not. What cannot be one path strictly below the target is refused and named, never changed:
two keys could meet in one changed name, and a key like ``../.ssh/authorized_keys`` must reach nothing (CWE-22).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

MAX_KEY = 1024  # bytes of UTF-8, the limit of S3 and of Swift
_MAX_NAME = 255  # bytes of one component (NAME_MAX of the usual file systems)
_MAX_PATH = 4095  # bytes of a path (PATH_MAX without its NUL)
OWN_FOLDER = ".jsobj"
OWN_STATE = (OWN_FOLDER, "manifest.jsonl")  # beside a MANIFEST.sha256 that jsobj made
_OWN = frozenset({OWN_STATE, (OWN_FOLDER, "publish.json")})
PAGE = "index.html"  # what jsobj publish puts beside data
ITEM = "stac-item.json"  # the same, where the data have a place and a time
FINDER = "search.html"  # the same, where the data have a catalogue
_TEMP = re.compile(r"\..*\.[0-9a-f]{16}\.jsobj-part", re.DOTALL)
# Names that Windows gives to devices, with any ending, and the signs that it does not take:
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
_DEVICES = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\..*)?", re.I | re.S
)
_SIGNS = re.compile(r'[<>:"\\|?*\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class PathRefusal:
    """Why a key has no path, or a path no key. ``harmless``: nothing is lost by leaving it out."""

    reason: str
    harmless: bool = False


Parts: TypeAlias = tuple[str, ...]


def key_for(relative: str) -> str | PathRefusal:
    """The key of a file, from its path below the source with ``/`` between the parts."""
    try:
        size = len(relative) if relative.isascii() else len(relative.encode())
    except UnicodeEncodeError:
        return PathRefusal("its name is not valid UTF-8, and keys are")
    if size > MAX_KEY:
        return PathRefusal(f"its path has {size} bytes, and a key at most {MAX_KEY}")
    return relative


def path_for(relative: str, *, windows_safe: bool = False, size: int = 0) -> Parts | PathRefusal:
    """The components of the one path that a key (without the prefix of the transfer) stands for, or a refusal.

    ``windows_safe`` refuses also what Windows cannot hold. ``size``: bytes of the object, because a folder marker (a
    key that ends in ``/``) is harmless only if it is empty.
    """
    if not relative or relative.endswith("/"):
        if size:
            return PathRefusal("it ends in '/' as a folder does, and yet has content")
        return PathRefusal("it only marks a folder", harmless=True)
    parts = tuple(relative.split("/"))
    if ".." not in parts and _is_own(parts):
        return PathRefusal("it is what jsobj keeps beside published or shared data", harmless=True)
    reason = _unfit(relative) or next(filter(None, map(_unfit_part, parts)), "")
    if not reason and windows_safe:
        reason = next(filter(None, map(_unfit_on_windows, parts)), "")
    return PathRefusal(reason) if reason else parts


def _is_own(parts: Parts) -> bool:
    """Whether a key is of what jsobj keeps beside data: settings of a page, what it knows of a list, pages of links."""
    return parts[-2:] in _OWN or (parts[-3:-2] == (OWN_FOLDER,) and parts[-2].startswith("share-"))


def is_temp(name: str) -> bool:
    """Whether a file's name is one that an unfinished download has (:func:`temp_name`)."""
    return name.endswith(".jsobj-part") and _TEMP.fullmatch(name) is not None


def temp_name(name: str, random: str) -> str:
    """The hidden name that a file has until it is whole. ``random``: 16 hexadecimal digits. At most 255 bytes."""
    begin = name[:100] if name.isascii() else name.encode()[:100].decode(errors="ignore")
    return f".{begin}.{random}.jsobj-part"


def _unfit(relative: str) -> str:
    if "\0" in relative:
        return "it contains a NUL character, which no path can"
    if relative.startswith("/"):
        return "it begins with '/', which would lead out of the target folder"
    try:
        size = len(relative.encode())
    except UnicodeEncodeError:
        return "it is not valid UTF-8"
    return f"as a path it would have {size} bytes, more than {_MAX_PATH}" if size > _MAX_PATH else ""


def _unfit_part(part: str) -> str:
    if part in {"", ".", ".."}:
        return f"it contains '{part}' between slashes, which no file can be called" if part else "it contains '//'"
    if part == OWN_FOLDER or is_temp(part):
        return "its name is one that jsobj keeps for itself"
    if len(part) * 4 > _MAX_NAME and (size := len(part.encode())) > _MAX_NAME:
        return f"one of its names has {size} bytes, more than {_MAX_NAME}"
    return ""


def _unfit_on_windows(part: str) -> str:
    if _DEVICES.fullmatch(part):
        return "one of its names is a device on Windows"
    if _SIGNS.search(part):
        return "it contains a character that names on Windows cannot have"
    return "one of its names ends in a dot or a space, which Windows drops" if part[-1] in ". " else ""


class Clashes:
    """Finds keys that cannot be files side by side; the first one is kept, those that come after it are refused.

    Keys come in the order of their bytes. All that begin with one text stand together in it, so of the files that were
    kept, only those have to be remembered with whose name the current one begins: a few. Where the file system takes
    several spellings for one, a digest of every path is remembered. ``folds``: whether it does (``File`` and ``file``,
    composed and decomposed letters); called once, for the first path.
    """

    def __init__(self, folds: Callable[[], bool]) -> None:
        self._find_folds = folds
        self._open: list[str] = []
        self._folds: bool | None = None
        self._seen: set[bytes] = set()

    def judge(self, path: Parts) -> str:
        """Why ``path`` cannot be made beside those before it; "" where it can."""
        name = "/".join(path)
        while self._open and not name.startswith(self._open[-1]):
            self._open.pop()
        for file in self._open:
            if name == file:
                return "the same path came before"
            if name[len(file)] == "/":
                return f"'{file}' is an object too, and one name cannot be a file and a folder"
        if self._folds is None:
            self._folds = self._find_folds()
        if self._folds:
            digest = _folded(name)
            if digest in self._seen:
                return "on this file system it has the same name as an object before it"
            self._seen.add(digest)
        self._open.append(name)
        return ""


def _folded(name: str) -> bytes:
    """16 bytes that are the same for all spellings that some file system takes for one."""
    import hashlib
    import unicodedata

    # Twice, because folding the case can make what decomposes further (Unicode, section 3.13, D145).
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold()).casefold()
    return hashlib.blake2b(unicodedata.normalize("NFD", plain).encode(), digest_size=16).digest()
