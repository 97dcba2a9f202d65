"""What is said of a large object's segments: frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

INTACT, BROKEN, UNVERIFIED = "intact", "broken", "unverified"
GONE, SIZE, MD5 = "gone", "size", "md5"  # what is wrong with a segment
_WORDS = {GONE: "gone", SIZE: "of another size", MD5: "another MD5"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A segment that is not what the manifest names. ``why``: ``gone``, ``size`` or ``md5``."""

    container: str
    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The verdict on one large object: ``intact``, ``broken`` or ``unverified``.

    ``kind``: ``static`` or ``dynamic``. ``by``: what was looked at, or why not. ``segments``: how many it has, as far
    as that is known; ``wrong``: those that are not as they should be, as far as they are known.
    """

    key: str
    kind: str
    size: int
    state: str
    by: str
    segments: int = 0
    wrong: tuple[Wrong, ...] = ()


def sentence(wrong: Iterable[Wrong], count: int) -> str:
    """``2 of 12 segments are not as they should be: c_segments/k/1 (gone), ...``: the first few."""
    every = list(wrong)
    named = ", ".join(f"{each.container}/{each.key} ({_WORDS[each.why]})" for each in every[:3])
    more = f" and {len(every) - 3} more" if len(every) > 3 else ""
    return f"{len(every)} of {count} segments: {named}{more}"
