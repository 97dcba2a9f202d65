"""Objects of a bucket with the verbs of CloudBridge's storage service: ``bucket.objects`` and what it gives."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from itertools import islice
from typing import IO, TYPE_CHECKING, Generic, Protocol, TypeVar

from jsobj.errors import BadUsage
from jsobj.net.body import BytesSource, uncounted
from jsobj.store.location import Location, head_or_none
from jsobj.store.values import Listed, ObjectInfo, PutOptions
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.transfer.filters import Filters
from jsobj.transfer.local.local_file import content_type
from jsobj.transfer.options import checked_options
from jsobj.transfer.upload.send_stream import send_stream

if TYPE_CHECKING:
    from jsobj.actions.context import ActionContext
    from jsobj.api.buckets import Bucket
    from jsobj.transfer.outcomes import Result

LIMIT = 50  # results of a list, where no other limit is given
_CHUNK = 1024**2  # bytes
_PART = 16 * 1024**2

Item = TypeVar("Item")


class TransferConfig(Protocol):
    """What may be said about one upload; CloudBridge's class of this name fits. Other fields are not looked at."""

    @property
    def part_size(self) -> int | None:
        """Bytes of the parts, None for 16 MiB."""


class ResultList(list[Item], Generic[Item]):
    """A page of results. ``marker`` gives the next one, where ``is_truncated``; else it is None.

    ``total_results`` counts what there is in all where ``supports_total``, which is so for what was searched.
    """

    def __init__(self, items: Iterable[Item], limit: int, *, name: Callable[[Item], str], whole: bool = False) -> None:
        found = list(items)
        super().__init__(found[:limit])
        self._found = found if whole else None
        self.is_truncated = len(found) > limit
        self.marker = name(self[-1]) if self.is_truncated else None

    @property
    def supports_total(self) -> bool:
        """Whether the total is known."""
        return self._found is not None

    @property
    def total_results(self) -> int | None:
        """How many there are in all; None where it is not known."""
        return None if self._found is None else len(self._found)

    @property
    def supports_server_paging(self) -> bool:
        """Whether the next page comes from the server; else ``data`` has all."""
        return self._found is None

    @property
    def data(self) -> list[Item]:
        """All results, of a search. Raises :class:`NotImplementedError` for a page of a listing."""
        if self._found is None:
            # What CloudBridge raises there, too: nothing is missing here.
            raise NotImplementedError("a page of a listing has no more than itself: use marker, or iterate")
        return self._found


class Objects:
    """The objects of one bucket. Iterating gives all of them, page by page."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def __iter__(self) -> Iterator[BucketObject]:
        return self.iter()

    def iter(self, prefix: str | None = None) -> Iterator[BucketObject]:
        """All objects whose name begins with ``prefix``, by name."""
        return (BucketObject(self._bucket, item) for item in self._bucket.store.list(prefix or ""))

    iterate = iter

    def list(
        self, limit: int | None = None, marker: str | None = None, prefix: str | None = None
    ) -> ResultList[BucketObject]:
        """At most ``limit`` objects (50), by name, those behind ``marker``, whose names begin with ``prefix``."""
        limit = limit or LIMIT
        there = self._bucket.store.list(prefix or "", after=marker or "")
        found = (BucketObject(self._bucket, item) for item in islice(there, limit + 1))
        return ResultList(found, limit, name=_name)

    def get(self, name: str) -> BucketObject | None:
        """One object; None where there is no such object."""
        info = head_or_none(self._bucket.store, name)
        return BucketObject(self._bucket, _listed(info)) if info is not None else None

    def find(self, *, name: str | None = None) -> ResultList[BucketObject]:
        """The objects whose name is ``name``, or matches it as a pattern of :mod:`fnmatch`; all of them without."""
        found = [each for each in self if not name or fnmatch.fnmatchcase(each.name, name)]
        return ResultList(found, LIMIT, name=_name, whole=True)

    def create(self, name: str) -> BucketObject:
        """A new object, which is empty; one of the name that is there is replaced."""
        self._bucket.store.put(name, BytesSource(b""), PutOptions(content_type(name)))
        return BucketObject(self._bucket, _listed(self._bucket.store.head(name)))


class BucketObject:
    """One object, as it was when it was listed; :meth:`refresh` looks again.

    What is written is compared with the server's digest, and what is read with the object's, as in all of jsobj. Raises
    :class:`jsobj.errors.JsobjError`: not found, refused, integrity.
    """

    def __init__(self, bucket: Bucket, listed: Listed) -> None:
        self.bucket = bucket
        self._listed = listed

    @property
    def id(self) -> str:
        """The same as the name."""
        return self._listed.key

    @property
    def name(self) -> str:
        """The key."""
        return self._listed.key

    @property
    def size(self) -> int:
        """Bytes."""
        return self._listed.size

    @property
    def last_modified(self) -> str:
        """UTC, as ``%Y-%m-%dT%H:%M:%S.%f``; "" where the server does not say."""
        modified = self._listed.modified
        if modified is None:
            return ""
        return datetime.fromtimestamp(modified, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")

    def iter_content(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The content as it is stored, in chunks of ``chunk_size`` bytes (1 MiB); the last one may be shorter.

        Where the server tells only a digest of the whole, damage is found at the end, and raises then.
        """
        size = _CHUNK if chunk_size is None else chunk_size
        if size < 1:
            raise BadUsage(f"chunk_size must be positive, and is {size}")
        return self._chunks(size)

    def _chunks(self, size: int) -> Iterator[bytes]:
        store = self.bucket.store
        waiting = bytearray()
        for data in ReadStream(store, store.head(self.name), pool=self.bucket.pool):
            waiting += data
            whole = len(waiting) // size * size
            for start in range(0, whole, size):
                yield bytes(waiting[start : start + size])
            del waiting[:whole]
        if waiting:
            yield bytes(waiting)

    def save_content(self, target_stream: IO[bytes], chunk_size: int | None = None) -> None:
        """Write the content, as it is stored, to a binary stream."""
        for chunk in self.iter_content(chunk_size):
            target_stream.write(chunk)

    def download_to_file(self, path: str | os.PathLike[str], config: TransferConfig | None = None) -> None:
        """The content, as it is stored, into a file, which is replaced only when all of it is there and compared.

        ``config`` is taken and makes no difference. Raises also :class:`IsADirectoryError`.
        """
        from jsobj.actions.download import download

        if os.path.isdir(path):  # noqa: PTH112 - Path raises for what may not be looked at
            raise IsADirectoryError(f"{os.fspath(path)} is a folder")

        def act(context: ActionContext) -> Result:
            return download(context, [self._location], os.fspath(path), checked_options(raw=True), Filters()).run()

        self.bucket.perform(act)

    def upload(self, source_stream: str | bytes | IO[bytes], config: TransferConfig | None = None) -> BucketObject:
        """Replace the content: by bytes, by a text (as UTF-8), or by all that a binary stream gives."""
        if isinstance(source_stream, str):
            source_stream = source_stream.encode()
        chunks: Iterable[bytes] = [source_stream] if isinstance(source_stream, bytes) else _read(source_stream)
        options = PutOptions(content_type(self.name))
        send_stream(self.bucket.store, self.name, chunks, options, part_size=_part_size(config), moved=uncounted)
        self.refresh()
        return self

    def upload_from_file(self, path: str | os.PathLike[str], config: TransferConfig | None = None) -> BucketObject:
        """Replace the content by that of a file, as ``jsobj upload`` does it: the same call again goes on."""
        from jsobj.actions.upload import upload

        if os.path.isdir(path):  # noqa: PTH112 - Path raises for what may not be looked at
            raise IsADirectoryError(f"{os.fspath(path)} is a folder")
        options = checked_options(part_size=_part_size(config))

        def act(context: ActionContext) -> Result:
            return upload(context, [path], self._location, options, Filters()).run()

        self.bucket.perform(act)
        self.refresh()
        return self

    def delete(self) -> None:
        """Delete the object; that it is not there is no error."""
        self.bucket.store.delete(self.name)

    def generate_url(self, expires_in: int, writable: bool = False) -> str:
        """A link with which anybody may read the object for ``expires_in`` seconds, or, ``writable``, replace it.

        Over S3 at most seven days. Over Swift a container without a key to sign with gets one, made at random; objects
        whose segments lie in another container need one of the account, which is not made here: it opens all of them.
        """
        from jsobj.store.swift.store import SwiftStore

        store, method = self.bucket.store, "PUT" if writable else "GET"
        if isinstance(store, SwiftStore):
            return store.presign(method, self.name, expires_in, make_key="container")
        return store.presign(method, self.name, expires_in)

    def refresh(self) -> None:
        """Look at the object again. Raises not found where it is gone."""
        self._listed = _listed(self.bucket.store.head(self.name))

    @property
    def _location(self) -> Location:
        if self.name.endswith("/"):
            raise BadUsage(f"'{self.name}' ends in a slash, and no file can be called so: use upload and iter_content")
        return Location("", self.bucket.name, self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BucketObject) and (other.bucket, other.name) == (self.bucket, self.name)

    def __hash__(self) -> int:
        return hash((self.bucket, self.name))

    def __repr__(self) -> str:
        return f"<BucketObject {self.bucket.name}/{self.name}>"


def _name(item: BucketObject) -> str:
    return item.name


def _listed(info: ObjectInfo) -> Listed:
    return Listed(info.key, info.size, info.etag, info.modified)


def _part_size(config: TransferConfig | None) -> int:
    return (getattr(config, "part_size", None) or _PART) if config is not None else _PART


def _read(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: stream.read(_CHUNK), b"")
