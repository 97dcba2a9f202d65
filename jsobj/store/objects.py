"""Objects in a bucket: one interface, two dialects behind it (S3 with keys or unsigned, Swift with a token).

A :class:`Store` is bound to one bucket and may be used from many threads at once: each call takes a connection of its
own from the store's pool. Every method retries what may pass, and raises :class:`jsobj.errors.JsobjError` for what does
not: not found, refused, auth, network, integrity.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jsobj.ec2_keys.server_info import limit_of
from jsobj.errors import BucketNotFound, ExitCode, JsobjError, ObjectNotFound
from jsobj.net.body import Moved, Sink, Source, uncounted
from jsobj.net.partial import Partial
from jsobj.store.digest_tries import TRIES
from jsobj.store.etag import EMPTY_MD5, is_md5
from jsobj.store.refusals import DIGEST_DIFFERS
from jsobj.store.values import PLAIN, Got, Limits, Listed, ObjectInfo, Part, PartDigest, PutOptions, StorePlace, Upload

if TYPE_CHECKING:
    from jsobj.net.request import Reply
    from jsobj.net.session import Session


class Store(ABC):
    """The operations on the objects of one bucket.

    ``keeps_md5``: of an object made of parts it keeps the MD5 of all bytes, if ``complete`` is told.
    """

    keeps_md5 = False

    def __init__(self, place: StorePlace, session: Session) -> None:
        self.place = place
        self._session = session
        self._lock = threading.Lock()
        self._info: Mapping[str, Any] | None = None
        self._left: list[Upload] = []
        self._completing: set[str] = set()  # ids of uploads

    @property
    def session(self) -> Session:
        """What its requests go through: how certificates are checked, how far the server is."""
        return self._session

    @property
    @abstractmethod
    def limits(self) -> Limits:
        """What the server allows."""

    @abstractmethod
    def _fetch(self, key: str, **fields: Any) -> tuple[ObjectInfo, Reply]:
        """GET, with these fields of :class:`jsobj.net.request.Request`."""

    @abstractmethod
    def _read_info(self) -> Mapping[str, Any]:
        """The server's ``/info``, with Swift's features and limits; empty where there is none."""

    def _server_info(self) -> Mapping[str, Any]:
        """:meth:`_read_info`, once."""
        with self._lock:
            if self._info is None:
                self._info = self._read_info()
            return self._info

    def metadata_limits(self) -> dict[str, int]:
        """What the server tells of its limits for metadata, by the names that Swift has for them."""
        names = ("max_meta_name_length", "max_meta_value_length", "max_meta_count", "max_meta_overall_size")
        limits = {name: limit_of(self._server_info(), "swift", name) for name in names}
        return {name: limit for name, limit in limits.items() if limit is not None}

    @abstractmethod
    def kept_value(self, value: str) -> str:
        """The value of an entry of the metadata, as it is sent."""

    @abstractmethod
    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """Size, ETag, time and metadata. Not found where there is no such object.

        With ``etag`` another version of it is an integrity error (``object-changed``).
        """

    def is_whole(self, info: ObjectInfo) -> bool:
        """Whether all bytes are there that the digests of a large object tell of: parts may be objects of their own."""
        return True

    def _holds(self, key: str, etag: str) -> bool:
        """Whether the object that is there has this ETag."""
        try:
            return self.head(key).etag == etag
        except (ObjectNotFound, BucketNotFound):
            return False

    def get(
        self,
        key: str,
        sink: Sink,
        *,
        start: int = 0,
        size: int | None = None,
        etag: str = "",
        digest: bool = True,
        moved: Moved = uncounted,
        partial: Partial | None = None,
    ) -> Got:
        """Read bytes ``start`` to ``start + size`` (to the end with None) into ``sink``.

        With ``size`` the answer counts only as 206 with the exact ``Content-Range``; a 200 counts only where the whole
        object was asked for. With ``etag`` another version of the object is an integrity error (``object-changed``).
        Without ``digest`` no MD5 is taken: for bytes that there is nothing to compare with. ``partial`` (with ``size``
        and ``etag``): what has come of them already, and what has come when an error is raised.
        """
        if size == 0 or (start and size is None):
            info = self.head(key, etag)
            etag = info.etag
            size = max(0, info.size - start) if size is None else size
            if not size:
                return Got(info, 0, EMPTY_MD5)
        headers = {"range": f"bytes={start}-{start + size - 1}"} if size is not None else {}
        if etag:
            headers["if-match"] = etag
        wanted = "md5" if digest else ""
        info, reply = self._fetch(
            key,
            headers=headers,
            sink=sink,
            digest=wanted,
            range_start=start,
            range_size=size,
            moved=moved,
            partial=partial,
        )
        return Got(info, reply.received, reply.received_digest)

    def _wrong_digest(self, key: str, context: str) -> JsobjError:
        return DIGEST_DIFFERS.error(self.place.dialect, self.place.bucket, key, context)

    def _part_sent(
        self, send: Callable[[], Reply], key: str, number: int, source: Source, moved: Moved, *, checked: bool = False
    ) -> Part:
        """Send part ``number`` until the MD5 that comes back is that of what was sent.

        ``checked``: the server has compared the body with a digest in the request, so that any MD5 will do.
        """
        for _ in range(TRIES):
            reply = send()
            if is_md5(reply.etag) and (checked or reply.etag == reply.sent_digest):
                return Part(number, source.size, reply.etag)
            moved(-source.size)
        raise self._wrong_digest(key, f"part {number}: sent {reply.sent_digest}, kept {reply.etag or 'nothing'}")

    @abstractmethod
    def put(self, key: str, source: Source, options: PutOptions = PLAIN, *, moved: Moved = uncounted) -> str:
        """Write an object in one request, verified by the server's own digest; its ETag."""

    @abstractmethod
    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """Every object whose key begins with ``prefix``, in the order of the keys' UTF-8 bytes, page by page."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete an object, with its segments; one that is not there is no error."""

    def delete_many(self, keys: Sequence[str]) -> Collection[str]:
        """Those of ``keys`` that one request has deleted, or that are not there; others are left to :meth:`delete`."""
        return ()

    @abstractmethod
    def copy(self, bucket: str, info: ObjectInfo, key: str, options: PutOptions | None = None) -> str:
        """Server-side copy of the object ``info`` of ``bucket`` to ``key`` here; the new ETag.

        ``options`` None keeps the metadata. At most ``limits.largest_copy`` bytes.
        """

    @abstractmethod
    def begin(self, key: str, options: PutOptions = PLAIN) -> Upload:
        """Start a multipart upload."""

    @abstractmethod
    def put_part(self, upload: Upload, number: int, source: Source, *, moved: Moved = uncounted) -> Part:
        """Send one part, verified by digest before it counts."""

    @abstractmethod
    def copy_part(self, upload: Upload, number: int, bucket: str, info: ObjectInfo, start: int, size: int) -> Part:
        """One part from a stretch of another object, server-side."""

    @abstractmethod
    def parts(self, upload: Upload) -> Sequence[Part]:
        """The parts that the server has. Not found (``upload-not-found``) where it knows no such upload."""

    def complete(self, upload: Upload, parts: Sequence[Part], options: PutOptions = PLAIN) -> str:
        """Make the object out of its parts; its ETag. An unclear answer is settled by looking at what is there.

        Where nothing settles it (Ctrl-C, a network that is gone) the server may go on making it: see :meth:`give_up`.
        """
        self._completing.add(upload.id)
        try:
            etag = self._complete(upload, parts, options)
        except JsobjError as error:
            if error.code is not ExitCode.NETWORK:  # it is an answer
                self._completing.discard(upload.id)
            raise
        self._completing.discard(upload.id)
        return etag

    @abstractmethod
    def _complete(self, upload: Upload, parts: Sequence[Part], options: PutOptions) -> str:
        """As :meth:`complete`."""

    @abstractmethod
    def abort(self, upload: Upload) -> None:
        """Give a multipart upload up, with its parts; one that is not there is no error."""

    @abstractmethod
    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        """The multipart uploads that are not complete."""

    @abstractmethod
    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        """The MD5 of each stretch where the server knows them (a Swift SLO's manifest, one MD5 for a plain object).

        None where it does not: a composite ETag has to be recomputed (:mod:`jsobj.store.etag`).
        """

    def in_stretches(self, info: ObjectInfo) -> bool:
        """Whether parts of an object can be asked for, each of the same version; else it comes as a whole only."""
        return True

    def in_order(self, info: ObjectInfo) -> Iterator[bytes | bytearray] | None:
        """All bytes of what is best read in order, compared with ``info.checksum`` on the way; None for an object.

        What does not have its digest is an integrity error, at the latest where the bytes end.
        """
        return None

    @abstractmethod
    def part_size(self, info: ObjectInfo, number: int) -> int:
        """The bytes of a part of an object with a composite ETag; 0 where the server does not report it."""

    @abstractmethod
    def at_version(self, ident: str) -> Store:
        """The same bucket, where reading an object means this version of it: for reading, over the same connections."""

    @abstractmethod
    def presign(self, method: str, key: str, seconds: int) -> str:
        """A URL with which anyone who has it may GET or PUT this object for a while."""

    def stop(self) -> None:
        """Cut every connection now, from another thread: calls under way end with an error."""
        self._session.stop()

    def cut(self, threads: Iterable[int]) -> None:
        """End what some threads have under way, from another one. From now on nothing is retried."""
        self._session.cut(threads)

    def revive(self) -> None:
        """After :meth:`stop`: serve a few requests more, to clear up, and wait for none of them long."""
        self._session.revive()

    def give_up(self, upload: Upload) -> None:
        """As :meth:`abort`, from any thread; what cannot be aborted after :meth:`stop` is left for :meth:`clear_up`.

        What the server may be making an object of is never aborted: the object would come to be without its parts.
        """
        if self.may_complete(upload):
            self._left.append(upload)
            return
        try:
            self.abort(upload)
        except JsobjError:
            if not self._session.retry.stopped:
                raise
            self._left.append(upload)

    def clear_up(self) -> Sequence[Upload]:
        """After :meth:`stop`, once nothing is under way: abort what was left. What was not aborted now either."""
        all_left, self._left = self._left, []
        left = [upload for upload in all_left if not self.may_complete(upload)]
        kept = [upload for upload in all_left if self.may_complete(upload)]
        if left:
            self.revive()
        while left:
            try:
                self.abort(left[-1])
            except JsobjError:
                break  # the others are not waited for
            left.pop()
        return kept + left

    def may_complete(self, upload: Upload) -> bool:
        """Whether the server was told to make the object, and has not answered."""
        return upload.id in self._completing

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()
