"""What is said about objects: frozen values that pass between stores, transfers and whoever shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jsobj.store.etag import EMPTY_MD5, is_md5

# The metadata in which the modification time of the file travels, in seconds since 1970 as a decimal number: rclone and
# swiftclient write and read the same name.
MTIME = "mtime"
# Bytes of every part but the last, so that a download can recompute the composite ETag without guessing. ``UNEVEN``:
# the parts are of several sizes, and there is nothing to guess.
PART_SIZE = "jsobj-part-size"
UNEVEN = "0"
_WORTH_A_LOOK = 1024**2  # bytes; fewer are moved about as soon as it is known whether they need be
# The headers that are kept with an object and come with it, beside its type and its encoding.
SERVED = ("cache-control", "content-disposition", "content-language", "expires")
# When Swift deletes the object by itself, in seconds since 1970. It is among what is served, as far as a login of ours
# shows it: what the owner of public data does with them is not for their copies.
DELETE_AT = "x-delete-at"


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """From HEAD. ``size`` in bytes; ``etag`` without quotes; ``modified`` in seconds since 1970, None if unknown.

    ``metadata`` has names in small letters, without ``x-amz-meta-`` or ``X-Object-Meta-``. ``large`` is true for a
    Swift SLO, whose ETag is the MD5 of its segments' MD5s. ``version`` is the version id, "" if the server sent none.
    ``served``: those of :data:`SERVED` that it has, and :data:`DELETE_AT`. ``link``: it is the target of a link of
    Swift's, which was asked for by the name of the link. ``md5``, ``crc32c`` and ``sha256`` (hexadecimal) are those of
    all its bytes, where the server tells them beside the ETag, as other clouds do, or a list of digests; "" else.
    ``crc32``: the same of a member of an archive; ``in_order``: as of :class:`Listed`.
    """

    key: str
    size: int
    etag: str
    modified: float | None = None
    content_type: str = ""
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    large: bool = False
    version: str = ""
    served: Mapping[str, str] = field(default_factory=dict)
    md5: str = ""
    crc32c: str = ""
    crc32: str = ""
    sha256: str = ""
    in_order: bool = False
    link: bool = False

    @property
    def checksum(self) -> tuple[str, str]:
        """The name and the value of the best digest of all bytes that is no MD5; "" for both where there is none."""
        return next(((name, value) for name in ("sha256", "crc32") if (value := getattr(self, name))), ("", ""))

    @property
    def whole_md5(self) -> str:
        """The MD5 of all its bytes, where it is known without asking the server anything more; else ""."""
        return self.md5 or (self.etag if is_md5(self.etag) and not self.large else "")

    def kept(self, metadata: Mapping[str, str] | None = None) -> PutOptions:
        """What is kept with the object, for a copy of it; with other ``metadata`` where they are given."""
        metadata = self.metadata if metadata is None else metadata
        return PutOptions(self.content_type, self.content_encoding, metadata, self.served)

    @property
    def parts(self) -> int | None:
        """The number of parts that a composite ETag (``<md5 of the md5s>-<n>``) names; None for any other."""
        _, dash, number = self.etag.rpartition("-")
        return int(number) if dash and number.isdigit() else None


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a listing. With a delimiter, ``prefix`` lines stand for everything below ``key``.

    ``md5``: that of all bytes, where the server lists it beside the ETag. ``in_order``: it is read from its beginning,
    and ranges of it cost as much as all before them. ``fault``: why it is not given out, "" where it is.
    """

    key: str
    size: int = 0
    etag: str = ""
    modified: float | None = None
    prefix: bool = False
    md5: str = ""
    in_order: bool = False
    fault: str = ""

    @property
    def seems_empty(self) -> bool:
        """Whether it is listed as dynamic large objects and links to objects are: empty, whatever they have.

        Only HEAD tells those from objects that are.
        """
        return not self.size and self.etag == EMPTY_MD5

    def may_have(self, size: int) -> bool:
        """Whether it may have so many bytes, and, where the listing shows none, HEAD is worth it to know."""
        return size == self.size or (self.seems_empty and size >= _WORTH_A_LOOK)

    @property
    def info(self) -> ObjectInfo:
        """What HEAD would say, as far as a listing shows it: no ETag, and so no digest, of what only seems empty."""
        etag = "" if self.seems_empty else self.etag
        return ObjectInfo(self.key, self.size, etag, self.modified, md5=self.md5)


@dataclass(frozen=True, slots=True)
class PartDigest:
    """A stretch of an object whose MD5 is known: bytes ``start`` to ``start + size``."""

    start: int
    size: int
    md5: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that is not complete yet. ``started`` in seconds since 1970, None if unknown.

    In the Swift dialect ``id`` is the common prefix of the segments. ``duplicates``: from when until when (in
    the same clock) the server may have begun others for retries of our request; None if there were none.
    """

    key: str
    id: str
    started: float | None = None
    duplicates: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part as the server has it. ``number`` counts from 1; ``etag`` is the MD5 of its bytes."""

    number: int
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class PutOptions:
    """What is kept with an object. Empty texts are not sent; ``metadata``, ``served`` as in :class:`ObjectInfo`.

    ``md5``: that of all bytes, where it is known and the store keeps it beside its ETag (``Store.keeps_md5``).
    """

    content_type: str = ""
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    served: Mapping[str, str] = field(default_factory=dict)
    md5: str = ""

    def headers(self, meta: str, encode: Callable[[str], str] = str) -> dict[str, str]:
        """The headers that keep them. Names of metadata begin with ``meta``; ``encode`` makes ASCII of the values."""
        headers = {meta + name.lower(): encode(value) for name, value in self.metadata.items()}
        named = {"content-type": self.content_type, "content-encoding": self.content_encoding, **self.served}
        return headers | {name: value for name, value in named.items() if value}


PLAIN = PutOptions()


def served(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of :data:`SERVED` that an answer has."""
    return {name: headers[name] for name in SERVED if headers.get(name)}


@dataclass(frozen=True, slots=True)
class Got:
    """A finished GET: the object's values, the bytes that came and the MD5 over them (hexadecimal; "": not taken).

    ``verified``: the digest by which the store itself has compared them, "" where that is left to who asked.
    """

    info: ObjectInfo
    size: int
    md5: str
    verified: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server allows. Sizes in bytes; ``largest_copy``: of one object, in one request."""

    parts: int = 10_000
    smallest_part: int = 5 * 1024**2
    largest_part: int = 5 * 1024**3
    largest_put: int = 5 * 1024**3
    largest_copy: int = 5 * 1024**3
    largest_object: int = 5 * 1024**4


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Where a store or an account (``bucket`` "") is. ``where``: what chose it; ``account``: Swift's URL, "" for S3.

    ``at``: the options that choose the same login, for hints, with a blank in front. ``archive``: the key of the
    archive whose members are what is there, "" for the objects of the bucket.
    """

    dialect: str
    bucket: str
    endpoint: str
    where: str
    project: str = ""
    account: str = ""
    at: str = ""
    archive: str = ""

    def url(self, key: str = "") -> str:
        """``s3://bucket/key`` or ``swift://container/object``."""
        return f"{self.dialect}://{self.bucket}/{key}"

    def promised(self, key: str) -> str:
        """The digest that a list of addresses says an object has, for messages; "" where no list does."""
        return ""
