"""A share of a plan: which keys are one job's of an array of jobs that do not talk to each other.

Every job makes the same plan, and takes the keys whose number, modulo ``of``, is its own. The number of a key is the
first eight bytes of the SHA-256 of its UTF-8, read as a big-endian integer: the same on every machine, and for
everybody who wants to compute it elsewhere. An object in parts has one key, so all of its parts are of one share.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from jsobj.errors import BadUsage

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Shard:
    """The share ``number``, from 1, of ``of``."""

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def holds(self, key: str) -> bool:
        """Whether an object is in this share, by its key in the bucket."""
        return self.of == 1 or number_of(key) % self.of == self.number - 1


WHOLE = Shard()


def number_of(key: str) -> int:
    """The number by which a key is given to a share."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()[:8], "big")


def parse_shard(text: str, name: str) -> Shard:
    """``K/N``, or "" for all. ``name``: what messages call it. Raises :class:`jsobj.errors.JsobjError` (usage)."""
    if not text:
        return WHOLE
    found = re.fullmatch(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", text)
    if found is not None and int(found[1]) <= int(found[2]) <= MOST:
        return Shard(int(found[1]), int(found[2]))
    raise BadUsage(
        f"{name} takes K/N, the K-th of N shares, with K from 1 to N: '{text}' is not that",
        hint=f"for the first of 16: {name} 1/16",
    )
