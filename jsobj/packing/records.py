"""The records of a zip, byte for byte as PKWARE's APPNOTE 6.3.10 has them, and what is known of one member."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

STORED, DEFLATED, ZSTD, ENCRYPTED = 0, 8, 93, 99
METHODS = {STORED: "stored", DEFLATED: "deflate", ZSTD: "zstd"}
# What other tools write, for the words of a refusal (APPNOTE 4.4.5).
OTHER_METHODS = {1: "shrink", 6: "implode", 9: "deflate64", 12: "bzip2", 14: "lzma", 95: "xz", 98: "ppmd"}

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
DESCRIPTOR, END64, LOCATOR = b"PK\7\x08", b"PK\6\6", b"PK\6\7"
# 4.3.7: signature, version needed, flags, method, time, date, CRC, stored size, size, lengths of name and extra.
LOCAL_RECORD = struct.Struct("<4s5H3L2H")
# 4.3.12: version made by and needed, ... lengths of name, extra and comment, disk, attributes (2), offset.
CENTRAL_RECORD = struct.Struct("<4s6H3L5H2L")
END_RECORD = struct.Struct("<4s4H2LH")  # 4.3.16
END64_RECORD = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
LOCATOR_RECORD = struct.Struct("<4sLQL")  # 4.3.15
DESCRIPTOR_RECORD, DESCRIPTOR64_RECORD = struct.Struct("<4s3L"), struct.Struct("<4sL2Q")  # 4.3.9
EXTRA_HEAD = struct.Struct("<2H")  # 4.5.1
EXTRA_ZIP64, EXTRA_TIMES, EXTRA_UNICODE = 0x0001, 0x5455, 0x7075

SMALL16, SMALL32 = 0xFFFF, 0xFFFFFFFF  # "look into the Zip64 record instead"
FLAG_ENCRYPTED, FLAG_DESCRIPTOR, FLAG_STRONG, FLAG_UTF8, FLAG_MASKED = 0x1, 0x8, 0x40, 0x800, 0x2000


class Member(NamedTuple):
    """One file of an archive. ``offset``: where its bytes begin; where its local header begins unless ``exact``.

    ``stored``: the bytes in the archive, ``size`` those of the file; ``sha256`` hexadecimal, "" where it is not known;
    ``modified_ns`` since 1970, None where no time is known. ``fault``: why it is not given out, "" where it is.
    ``head``: bytes of its local header that are known, up to its extra fields.
    """

    name: str
    offset: int
    exact: bool
    stored: int
    size: int
    method: int
    crc32: int
    sha256: str = ""
    modified_ns: int | None = None
    fault: str = ""
    head: int = 0


def extras(data: bytes | memoryview) -> Iterator[tuple[int, bytes]]:
    """The extra fields of a record; what is cut off is left out."""
    at = 0
    while at + EXTRA_HEAD.size <= len(data):
        kind, size = EXTRA_HEAD.unpack_from(data, at)
        at += EXTRA_HEAD.size
        if at + size > len(data):
            return
        yield kind, bytes(data[at : at + size])
        at += size
