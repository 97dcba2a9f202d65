"""Composite ETags: the digest of an object that was uploaded in parts, and the part size behind it.

S3 (and Swift's and Ceph RGW's S3 API alike) makes the ETag of a multipart object of the MD5 of its parts' binary MD5s,
followed by ``-`` and their number. Nothing says where one part ends, but almost every program cuts an object into parts
of one size, and most of them into one of a few.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
_MIB = 1024 * 1024
_MD5 = re.compile(r"[0-9a-f]{32}")
# What programs use, the most common first: aws, boto3, rclone's 5, s3cmd, mc, s5cmd, s3fs ...
_USUAL = (
    *(size * _MIB for size in (16, 8, 5, 50, 10, 15, 25, 32, 64, 100, 128, 256, 512, 1024)),
    *(size * 10**6 for size in (5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 250, 256, 500, 512, 1000)),
)


def is_md5(etag: str) -> bool:
    """Whether an ETag is the MD5 of an object that was put in one piece."""
    return _MD5.fullmatch(etag) is not None


def composite(md5s: Iterable[str]) -> str:
    """The ETag, without quotes, of an object of parts with these MD5s (hexadecimal), in the order of the parts."""
    digest, count = hashlib.md5(usedforsecurity=False), 0
    for md5 in md5s:
        digest.update(bytes.fromhex(md5))
        count += 1
    return f"{digest.hexdigest()}-{count}"


def only_usual(size: int, parts: int) -> bool:
    """Whether equal parts of one usual size make this number of parts, and those of no other number of whole MiB do."""
    if parts < 2:
        return False
    smallest, largest = -(-size // parts), (size - 1) // (parts - 1)
    fitting = range(-(-smallest // _MIB), largest // _MIB + 1)
    return len(fitting) == 1 and fitting[0] * _MIB in _USUAL


def candidates(size: int, parts: int, recorded: int = 0, first: int = 0) -> tuple[int, ...]:
    """The part sizes that an object of ``size`` bytes in ``parts`` parts can have, the likeliest first; may be empty.

    ``recorded``: from the object's metadata; ``first``: the size of part 1, as the server reports it; 0 for unknown.
    All sizes in bytes. Beside the usual ones: the smallest whole MiB that is enough, and the exact share, which are how
    programs make room for large objects.
    """
    if parts < 1 or size < 0:
        return ()
    share = -(-size // parts)
    grown = (-(-share // _MIB) * _MIB, share)
    found = (recorded, first, *_USUAL, *grown)
    return tuple(dict.fromkeys(one for one in found if one > 0 and max(1, -(-size // one)) == parts))
