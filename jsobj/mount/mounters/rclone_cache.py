"""rclone's cache on disk, between two rclones: what waits in it, and what is mended of a file after a kill.

rclone writes down which parts of a file are there (``Rs``) when the file is opened, with its first written byte, and
when it is closed, having fetched the parts that were missing: of a file that was closed, all parts are there. Where
they are not, rclone was killed before it knew of the close, which the writer may have seen. The next rclone would
fetch the rest from the store, over bytes that were written.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jsobj.errors import ExitCode, JsobjError

_BLOCK = 4096  # of the disk, at least
_CUT = "rclone was killed while it wrote that down, and the file has holes"
_SHORTENED = "rclone was killed before it knew that the file was shortened, and would lengthen it again"
_OPEN = "rclone was killed before it knew that the file was closed, and the file was changed in place"


def waiting(known: Path) -> list[str]:
    """The names below this folder that are marked, and those of which nothing can be read, since they may wait."""
    return sorted(name for name, about in _entries(known) if about is None or about["Dirty"])


def mend(known: Path, data: Path) -> None:
    """Mend what is written down of each file that waits. ``data``: the folder of their bytes.

    Raises :class:`JsobjError` (local) where nobody can know what of a file was written.
    """
    for name, about in _entries(known):
        if about is None:
            _mend_cut(known / name, data / name)
        elif about["Dirty"]:
            _mend_open(known / name, data / name, about)


def _entries(top: Path) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each file in the cache, and what is written down of it; None where that is cut."""
    for folder, _, names in os.walk(top):
        for name in names:
            path = Path(folder, name)
            try:
                about: dict[str, Any] | None = json.loads(path.read_bytes())
                about = about if isinstance(about, dict) and "Dirty" in about else None
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                about = None
            yield str(path.relative_to(top)), about


def _mend_cut(known: Path, data: Path) -> None:
    """rclone would forget the file: write down anew that it waits. One in which no byte was ever written goes."""
    try:
        with data.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            whole = size == 0 or os.lseek(stream.fileno(), 0, os.SEEK_HOLE) == size
            empty = not whole and not _holds_data(stream.fileno(), 0, size)
    except FileNotFoundError:
        whole, empty = False, True
    if empty:
        data.unlink(missing_ok=True)
        known.unlink()
    elif whole:
        moment = datetime.fromtimestamp(data.stat().st_mtime, timezone.utc).isoformat()
        about = {"ModTime": moment, "ATime": moment, "Fingerprint": "", "Dirty": True}
        _write_down(known, about, size, [(0, size)] if size else [])
    else:
        raise _unclear(known, data, _CUT)


def _mend_open(known: Path, data: Path, about: dict[str, Any]) -> None:
    """What was added to the file since is there; where nothing is within it, nothing was written."""
    try:
        with data.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            then = int(about.get("Size", 0))
            parts = [(int(part["Pos"]), int(part["Pos"]) + int(part["Size"])) for part in about.get("Rs") or ()]
            if not _gaps(parts, size):
                return
            parts += [(then, size)] if then < size else []
            gaps = _gaps(parts, size)
            if gaps and size < _size_in_store(about):
                raise _unclear(known, data, _SHORTENED)
            if not all(_is_missing(stream.fileno(), *gap, then) for gap in gaps):
                raise _unclear(known, data, _OPEN)
    except FileNotFoundError:
        return
    _write_down(known, about, size, parts)


def _size_in_store(about: dict[str, Any]) -> int:
    """Of the object that the file was, as its fingerprint begins; 0 where there was none."""
    number = str(about.get("Fingerprint") or "").partition(",")[0]
    return int(number) if number.isdigit() else 0


def _gaps(parts: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """From, to: what no part covers of a file of this size."""
    found, at = [], 0
    for begin, end in sorted(parts):
        if at < min(begin, size):
            found.append((at, min(begin, size)))
        at = max(at, end)
    return [*found, (at, size)] if at < size else found


def _is_missing(descriptor: int, begin: int, end: int, then: int) -> bool:
    """Whether nothing was written there. The last block of what was there before may hold what was added behind it."""
    block = max(begin, then - then % _BLOCK) if end == then else end
    return not _holds_data(descriptor, begin, block) and not any(os.pread(descriptor, end - block, block))


def _holds_data(descriptor: int, begin: int, end: int) -> bool:
    """Whether the disk has anything there; blocks count as a whole."""
    try:
        return os.lseek(descriptor, begin, os.SEEK_DATA) < end
    except OSError as error:
        if error.errno == errno.ENXIO:
            return False
        raise


def _write_down(known: Path, about: dict[str, Any], size: int, parts: list[tuple[int, int]]) -> None:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(parts):  # as rclone has them: sorted, and apart
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    ranges = [{"Pos": begin, "Size": end - begin} for begin, end in merged]
    known.write_text(json.dumps({**about, "Size": size, "Rs": ranges or None}), encoding="ascii")


def _unclear(known: Path, data: Path, why: str) -> JsobjError:
    return JsobjError(
        "mount-cache-unclear",
        f"it is not known what of {data} was written, and what was only read or is missing",
        code=ExitCode.LOCAL,
        context=why,
        hint=f"copy it if you need it, then: rm {shlex.quote(str(data))} {shlex.quote(str(known))}",
    )
