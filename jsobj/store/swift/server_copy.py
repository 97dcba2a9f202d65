"""Copies inside the object store over the Swift API: no byte travels through this machine.

Seen on Ceph RGW 16 and not on Swift: a copy of a large object is a second manifest of the same segments (deleting one
object would break the other), and ``Range`` is ignored, so that a stretch comes out as the whole. Neither is taken for
a copy here. A copied segment has to have the MD5 that its source had.
"""

from __future__ import annotations

from jsobj.errors import ExitCode
from jsobj.net.request import Reply
from jsobj.store.refusals import DIGEST_DIFFERS, OBJECT_CHANGED, Refusal
from jsobj.store.swift.requests import CREATED, SwiftRequests, encoded, headers_for
from jsobj.store.swift.segments import Segment, Segments, segment_name
from jsobj.store.values import ObjectInfo, Part, PutOptions, Upload

_NO_RANGE = Refusal(
    "copy-range",
    "this object store cannot copy {url} in parts by itself",
    ExitCode.REFUSED,
    "download it, and upload it under the new name",
)
_COPY_SECONDS = 900.0  # without a word from the server, which copies up to 5 GiB before it answers


class Copier:
    """Copies to one container and its segments."""

    def __init__(self, api: SwiftRequests, segments: Segments) -> None:
        self._requests = api
        self._segments = segments

    def whole(self, bucket: str, info: ObjectInfo, key: str, options: PutOptions | None) -> str:
        """A plain object from another; its ETag. A large one whose segments are unknown becomes a plain one, too."""
        headers = {} if options is None else {**headers_for(options), "x-fresh-metadata": "true"}
        etag = _copy(self._requests, key, bucket, info.key, headers).etag
        if not info.large:
            if etag != info.etag:
                raise OBJECT_CHANGED.error("swift", bucket, info.key)
            return etag
        made = self._requests.head(key)
        if made.large:
            self._requests.remove(key)  # a second manifest of the same segments
            raise _NO_RANGE.error("swift", bucket, info.key)
        if made.size != info.size:
            raise OBJECT_CHANGED.error("swift", bucket, info.key)
        return made.etag

    def segment(self, upload: Upload, number: int, source: Segment) -> Part:
        """One part from a whole segment."""
        name = segment_name(upload, number)
        etag = _copy(self._segments.requests, name, source.container, source.key, {}).etag
        if etag != source.md5:
            context = f"part {number}: the copy has {etag}, not {source.md5}"
            raise DIGEST_DIFFERS.error("swift", self._requests.bucket, upload.key, context)
        return Part(number, source.size, etag)

    def stretch(self, upload: Upload, number: int, bucket: str, info: ObjectInfo, start: int, size: int) -> Part:
        """One part from a stretch: of a segment where it is one exactly, else by ``Range``."""
        begin = 0
        for found in self._segments.of(bucket, info) or (_as_segment(bucket, info),):
            if (begin, found.size) == (start, size):
                return self.segment(upload, number, found)
            begin += found.size
        name, api = segment_name(upload, number), self._segments.requests
        _copy(api, name, bucket, info.key, {"range": f"bytes={start}-{start + size - 1}"})
        made = api.head(name)
        if made.size != size or made.large:
            api.remove(name)
            raise _NO_RANGE.error("swift", bucket, info.key)
        return Part(number, size, made.etag)


def _copy(api: SwiftRequests, key: str, bucket: str, source: str, headers: dict[str, str]) -> Reply:
    headers = {**headers, "x-copy-from": f"/{encoded(api.of(bucket).container)}/{encoded(source)}"}
    return api.send("PUT", key, headers=headers, expect=CREATED, idle=_COPY_SECONDS, copy_from=(bucket, source))


def _as_segment(bucket: str, info: ObjectInfo) -> Segment:
    return Segment(bucket, info.key, info.size if not info.large else -1, info.etag)
