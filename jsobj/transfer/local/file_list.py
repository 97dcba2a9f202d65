"""Lists of files (``--files-from``): relative paths, one a line, or ended by NUL as ``find -print0`` writes them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from jsobj.errors import ExitCode, JsobjError

_CHUNK = 64 * 1024
_MAX_ENTRY = 32 * 1024  # bytes; several times the longest path


def read_list(source: str | BinaryIO, *, null: bool = False, name: str = "") -> Iterator[str]:
    """The paths of a list, each once, in its order, as it is read; ``-`` is standard input, ``name`` is for errors.

    ``./`` at the beginning and doubled slashes go; the folder itself (``.``, which ``find`` prints first) is left out.
    In lists with lines, empty lines are left out, and a carriage return at a line's end is.

    Raises :class:`JsobjError`: local (the list cannot be read), usage (an absolute path, ``..``, an entry that is too
    long, a list without any entry), with the number of the line.
    """
    if not isinstance(source, str) or source == "-":
        stream = sys.stdin.buffer if isinstance(source, str) else source
        yield from _paths(stream, null, name or "the list on standard input")
        return
    name = name or source
    try:
        stream = open(source, "rb")  # noqa: SIM115 - closed below; here only what opening it raises is meant
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    with stream:
        yield from _paths(stream, null, name)


def _paths(stream: BinaryIO, null: bool, name: str) -> Iterator[str]:
    seen: set[str] = set()
    for number, entry in enumerate(_entries(stream, null, name), start=1):
        path = _relative(entry, null, f"entry {number} of {name}" if null else f"line {number} of {name}")
        if path and path not in seen:
            seen.add(path)
            yield path
    if not seen:
        raise _usage("list-empty", f"{name} names no file", "check the command that writes the list")


def _entries(stream: BinaryIO, null: bool, name: str) -> Iterator[bytes]:
    end, rest = (b"\0" if null else b"\n"), b""
    while True:
        try:
            chunk = stream.read(_CHUNK)
        except OSError as error:
            raise _unreadable(name, error) from error
        if not chunk:
            break
        *whole, rest = (rest + chunk).split(end)
        yield from whole
        if len(rest) > _MAX_ENTRY:
            break
    if rest:
        yield rest


def _relative(entry: bytes, null: bool, where: str) -> str:
    if len(entry) > _MAX_ENTRY:
        hint = (
            "does NUL end its entries? then add --null"
            if not null
            else "do line ends end its entries? then leave --null out"
        )
        raise _usage("list-entry-too-long", f"{where} has more than {_MAX_ENTRY} bytes, which no path has", hint)
    if b"\0" in entry:
        raise _usage("list-entry-bad", f"{where} contains a NUL character", "does NUL end its entries? then add --null")
    text = os.fsdecode(entry if null else entry.removesuffix(b"\r"))
    if text.startswith("/"):
        raise _usage(
            "list-entry-absolute", f"{where} is an absolute path", "list paths as they are below the source folder"
        )
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise _usage("list-entry-outside", f"{where} contains '..'", "list paths as they are below the source folder")
    return "/".join(parts)


def _usage(reference: str, sentence: str, hint: str) -> JsobjError:
    return JsobjError(reference, sentence, code=ExitCode.USAGE, hint=hint)


def _unreadable(name: str, error: OSError | ValueError) -> JsobjError:
    return JsobjError(
        "list-unreadable",
        f"cannot read {name}",
        code=ExitCode.LOCAL,
        context=getattr(error, "strerror", None) or str(error),
        hint="check the path",
    )
