"""What stores of both protocols share: reading ranges, and the end of a session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from jsobj.net.body import Moved, Sink, uncounted
from jsobj.net.request import Reply
from jsobj.net.session import Session
from jsobj.store.etag import EMPTY_MD5
from jsobj.store.objects import Got, ObjectInfo, StorePlace


class BaseStore(ABC):
    """The part of :class:`jsobj.store.objects.Store` that does not depend on the protocol."""

    def __init__(self, place: StorePlace, session: Session) -> None:
        self._place = place
        self._session = session

    @property
    def place(self) -> StorePlace:
        """Where this is."""
        return self._place

    @abstractmethod
    def _head(self, key: str, etag: str = "") -> ObjectInfo:
        """HEAD; with ``etag``, :class:`jsobj.errors.ObjectChanged` for another version."""

    @abstractmethod
    def _fetch(self, key: str, **fields: Any) -> tuple[ObjectInfo, Reply]:
        """GET, with these fields of :class:`jsobj.net.request.Request`."""

    def head(self, key: str) -> ObjectInfo:
        """Size, ETag, time and metadata. Not found where there is no such object."""
        return self._head(key)

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
    ) -> Got:
        """Read a range of an object; see :meth:`jsobj.store.objects.Store.get`."""
        if size == 0 or (start and size is None):
            info = self._head(key, etag)
            etag = info.etag
            size = max(0, info.size - start) if size is None else size
            if not size:
                return Got(info, 0, EMPTY_MD5)
        headers = {"range": f"bytes={start}-{start + size - 1}"} if size is not None else {}
        if etag:
            headers["if-match"] = etag
        info, reply = self._fetch(
            key,
            headers=headers,
            sink=sink,
            digest="md5" if digest else "",
            range_start=start,
            range_size=size,
            moved=moved,
        )
        return Got(info, reply.received, reply.received_digest)

    def stop(self) -> None:
        """Cut every connection now, from another thread."""
        self._session.stop()

    def revive(self) -> None:
        """After :meth:`stop`: serve a few requests more, to clear up."""
        self._session.revive()

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()
