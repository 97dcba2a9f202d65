"""What a server copies by itself, part by part: stretches of an object, or the segments that it consists of.

No piece is begun any more once the run is to end, so that those under way can end before they are cut: what a server
was told to copy may come to be after the upload was given up, and over Swift it would stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from jsobj.errors import ExitCode, JsobjError
from jsobj.parallel_map import if_interrupted, parallel_map
from jsobj.store.objects import Store
from jsobj.store.refusals import DIGEST_DIFFERS
from jsobj.store.swift.segments import Segment
from jsobj.store.values import ObjectInfo, Part, Upload
from jsobj.transfer.part_layout import Layout

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """``size`` bytes from ``start`` on of an object of ``bucket``, as part ``number``. ``md5``: theirs, if known."""

    number: int
    bucket: str
    info: ObjectInfo
    start: int
    size: int
    md5: str = ""


def stretches(bucket: str, info: ObjectInfo, layout: Layout) -> tuple[Piece, ...]:
    """An object, cut so."""
    return tuple(Piece(part.number, bucket, info, part.start, part.size) for part in layout)


def segments_as_pieces(segments: Sequence[Segment]) -> tuple[Piece, ...]:
    """Segments, each of which is an object."""
    return tuple(
        Piece(number, each.container, ObjectInfo(each.key, each.size, each.md5), 0, each.size, each.md5)
        for number, each in enumerate(segments, start=1)
    )


def copy_piece(target: Store, upload: Upload, piece: Piece) -> Part:
    """Copy one of them. Raises :class:`JsobjError`."""
    if target.session.retry.stopped:
        raise JsobjError("stopped", "nothing more is begun", code=ExitCode.INTERRUPTED)
    part = target.copy_part(upload, piece.number, piece.bucket, piece.info, piece.start, piece.size)
    if piece.md5 and part.etag != piece.md5:
        context = f"part {piece.number}: the copy has {part.etag}, not {piece.md5}"
        raise DIGEST_DIFFERS.error(target.place.dialect, piece.bucket, piece.info.key, context)
    return part


def copy_pieces(target: Store, upload: Upload, pieces: Iterable[Piece]) -> tuple[Part, ...]:
    """Copy all of them, several at once. Raises :class:`JsobjError`; then none is under way any more."""
    copy = partial(copy_piece, target, upload)
    with closing(parallel_map(copy, pieces, _AT_ONCE, stop=if_interrupted(target.stop))) as parts:
        return tuple(parts)
