"""Lists of addresses (``--urls-from``): one a line, or as ``sha256sum`` and ``md5sum`` print names, with a digest."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.foreign.many import Entry
from jsobj.store.location import Location, parse_location
from jsobj.transfer.local.digest_list import KINDS, name_and_digest

_MAX_LINE = 16 * 1024  # bytes; several times the longest address
_COMPARED = frozenset({"md5", "sha256"})


@dataclass(frozen=True, slots=True)
class UrlLine:
    """A place that a list names. ``where``: its line, for errors; ``kind``: of the digest, "" where there is none."""

    where: str
    location: Location
    kind: str = ""
    digest: str = ""


def read_urls(source: str) -> Iterator[UrlLine]:
    """The places in a list, in its order; ``-`` is standard input. Blank lines and those that begin with # go.

    Raises :class:`JsobjError`: local (it cannot be read), usage (a line that names no single object or file, by its
    number; a list without any).
    """
    name, empty = "the list on standard input" if source == "-" else source, True
    with _opened(source, name) as stream:
        for number, line in enumerate(_lines(stream, name), start=1):
            text = line.strip() if number > 1 else line.removeprefix("\ufeff").strip()
            if text and not text.startswith("#"):
                empty = False
                yield _read(text, f"line {number} of {name}")
    if empty:
        raise _bad(f"{name} names nothing", "check the command that writes the list")


def named_places(source: str, meant: Callable[[Location], Location]) -> dict[str, Entry]:
    """The places in a list, each under the last part of its path. ``meant``: what an address means.

    Raises :class:`JsobjError` as :func:`read_urls`; usage for two of one name.
    """
    entries: dict[str, Entry] = {}
    lines: dict[str, str] = {}
    for line in read_urls(source):
        location = meant(line.location)
        name = location.key.rpartition("/")[2]
        if name in entries:
            raise JsobjError(
                "sources-meet",
                f"{line.where}: {location} and {entries[name].location} ({lines[name]}) would both become '{name}'",
                code=ExitCode.USAGE,
                hint="put them into lists of their own, for places of their own; nothing was done",
            )
        entries[name], lines[name] = Entry(location, line.kind, line.digest), line.where
    return entries


@contextlib.contextmanager
def _opened(source: str, name: str) -> Iterator[BinaryIO]:
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(source).open("rb")  # noqa: SIM115 - closed below; here only what opening it raises is meant
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    with stream:
        yield stream


def _lines(stream: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while True:
        try:
            line = stream.readline(_MAX_LINE)
        except OSError as error:
            raise _unreadable(name, error) from error
        if not line:
            return
        number += 1
        if len(line) == _MAX_LINE:
            raise _bad(f"line {number} of {name} has {_MAX_LINE} bytes or more, which no address has")
        try:
            yield line.decode()
        except UnicodeDecodeError:
            raise _bad(f"line {number} of {name} is not UTF-8") from None


def _read(text: str, where: str) -> UrlLine:
    address, digest = name_and_digest(text)
    kind = KINDS.get(len(digest), "")
    if digest and kind not in _COMPARED:
        raise _bad(f"{where}: the digest is neither an MD5 nor a SHA-256, and no other is compared")
    try:
        location = parse_location(address or text, need_key=True, public=True, signed=True, foreign=True)
    except JsobjError as error:
        raise _bad(f"{where}: {error.message}") from error
    return UrlLine(where, location, kind, digest.lower())


def _bad(
    sentence: str, hint: str = "one address of a file a line: https://HOST/PATH, s3://BUCKET/KEY; DIGEST  URL"
) -> JsobjError:
    return JsobjError("urls-line", sentence, code=ExitCode.USAGE, hint=hint)


def _unreadable(name: str, error: OSError | ValueError) -> JsobjError:
    return JsobjError(
        "list-unreadable",
        f"cannot read {name}",
        code=ExitCode.LOCAL,
        context=getattr(error, "strerror", None) or str(error),
        hint="check the path",
    )
