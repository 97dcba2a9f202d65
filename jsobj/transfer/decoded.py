"""Whether an object with a Content-Encoding has a file's bytes: those that a download would leave."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from jsobj.errors import BytesDiffer, EncodingDamaged
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo
from jsobj.transfer.compression import decodable, decoder, encoder, file_chunks, through
from jsobj.transfer.download.read_stream import ReadStream


def encoding_of(info: ObjectInfo) -> str:
    """The encoding, if it is one that is decoded here; else ""."""
    return info.content_encoding.strip().lower() if decodable(info.content_encoding) else ""


def made_of(info: ObjectInfo, descriptor: int) -> bool:
    """Whether compressing an open file gives the object's MD5; nothing is fetched.

    True is a proof. False tells nothing: other versions and settings make other bytes of the same file.
    """
    if not info.whole_md5:
        return False
    name, size = encoding_of(info), os.fstat(descriptor).st_size
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in through(encoder("gzip" if name == "x-gzip" else name), file_chunks(descriptor, size)):
        digest.update(chunk)
    return digest.hexdigest() == info.whole_md5


def same_decoded(store: Store, info: ObjectInfo, descriptor: int) -> bool:
    """Fetch an object, and compare its decoded bytes with an open file. What cannot be decoded is not the same."""
    offset = 0
    try:
        for chunk in through(decoder(encoding_of(info)), map(memoryview, ReadStream(store, info))):
            if os.pread(descriptor, len(chunk), offset) != chunk:
                return False
            offset += len(chunk)
    except (EncodingDamaged, BytesDiffer):
        return False
    return offset == os.fstat(descriptor).st_size


def decoded_digest(store: Store, info: ObjectInfo, kind: str) -> tuple[str, str]:
    """Fetch an object; the digest of its bytes as they are stored, and of the decoded ones ("" if they are damaged)."""
    stored, plain = (hashlib.new(kind, usedforsecurity=False) for _ in range(2))

    def passing() -> Iterator[memoryview]:
        for data in ReadStream(store, info):
            stored.update(data)
            yield memoryview(data)

    chunks = passing()
    try:
        for chunk in through(decoder(encoding_of(info)), chunks):
            plain.update(chunk)
    except EncodingDamaged:
        for _ in chunks:  # its digest as it is stored is of interest all the same
            pass
        return stored.hexdigest(), ""
    return stored.hexdigest(), plain.hexdigest()
