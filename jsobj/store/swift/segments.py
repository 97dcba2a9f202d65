"""Large objects over the Swift API: a static large object (SLO) is a manifest that names its segments.

Segments lie in ``<container>_segments`` under ``<object>/jsobj/<begun>-<random>/<part size>/<number>``: every upload
has names of its own, so a new one never touches the segments of the object that it is to replace, and that object can
be read until the new manifest is there (then the old segments go).

What an SLO consists of is known by proof: the MD5 over its segments' MD5s must be its ETag. Swift gives its manifest
out; Ceph RGW (seen on release 16) answers with nothing, so there the segments are found by listing where this and
other programs put them, and believed only with that proof. Source of the rules: Swift's manual, "Large Object Support".
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, islice
from urllib.parse import unquote

from jsobj.errors import BucketNotFound, JsobjError
from jsobj.net.prefetch import in_passing
from jsobj.net.request import Reply
from jsobj.store.swift.listing import listing
from jsobj.store.swift.requests import CREATED, READ, SwiftRequests, info_of
from jsobj.store.swift.verdict import name_refused, not_swift
from jsobj.store.values import PART_SIZE, Listed, ObjectInfo, Part, PutOptions, Upload

_OURS = re.compile(r"(?P<id>(?P<key>.+)/jsobj/(?P<begun>\d{1,12})-[0-9a-f]{8}/\d+)/(?P<number>\d{8})", re.DOTALL)
# How this program, python-swiftclient (SLO, DLO) and rclone name the folder of an object's segments.
FOLDER = re.compile(
    r"(?P<key>.+?)/(?:jsobj/[0-9]{1,12}-[0-9a-f]{8}/[0-9]+|(?:slo/)?[0-9]+\.[0-9]+/[0-9]+(?:/[0-9]+)?)", re.DOTALL
)
_LONGEST = 1024 - 64  # bytes; a segment's name is up to 64 longer than its object's, and 1024 is the limit
_FOLDERS = ("jsobj", "slo")  # ours; python-swiftclient's
HIDDEN = ".file-segments/"  # in the container itself: Cyberduck's
_SEARCHED = 10_000  # names that are looked at where programs put segments under names of their own
_ROUNDS = 3  # a listing may lag behind
_VERSIONED = frozenset({"x-versions-enabled", "x-versions-location", "x-history-location"})
_EXISTS = frozenset({200, 204, 403, 404})
_NOT_ITS_TARGET = (("symlink", "get"),)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a large object. ``md5`` of its bytes, hexadecimal."""

    container: str
    key: str
    size: int
    md5: str


def new_upload(key: str, options: PutOptions) -> Upload:
    """An upload's id: the common beginning of its segments' names."""
    if len(key.encode("utf-8", "surrogateescape")) > _LONGEST:
        raise name_refused(f"sent in parts: a name of more than {_LONGEST} bytes leaves no room for theirs", key)
    begun = time.time()
    recorded = options.metadata.get(PART_SIZE, "")
    size = recorded if recorded.isascii() and recorded.isdigit() else "0"
    return Upload(key, f"{key}/jsobj/{int(begun)}-{secrets.token_hex(4)}/{size}", begun)


def segment_name(upload: Upload, number: int) -> str:
    """The name of part ``number``."""
    return f"{upload.id}/{number:08d}"


def composite(md5s: Iterable[str]) -> str:
    """The ETag of an SLO: the MD5 over the hexadecimal MD5s of its segments."""
    return hashlib.md5("".join(md5s).encode(), usedforsecurity=False).hexdigest()


def manifest(container: str, upload: Upload, parts: Sequence[Part]) -> bytes:
    """The body of a manifest's PUT."""
    lines = [
        {"path": f"/{container}/{segment_name(upload, part.number)}", "etag": part.etag, "size_bytes": part.size}
        for part in parts
    ]
    return json.dumps(lines).encode()


class Segments:
    """The segments of the large objects in one container. For any number of threads."""

    def __init__(self, api: SwiftRequests) -> None:
        self._requests = api
        self.requests = api.of(f"{api.bucket}_segments")
        self._lock = threading.Lock()
        self._there: bool | None = None
        self._kept: bool | None = None
        self._made = False

    def there(self) -> bool:
        """Whether the container has had large objects: looked up once, so that small objects cost no more requests.

        The second name is that of Swift's own S3 API.
        """
        with self._lock:
            if self._there is None:
                s3api = self._requests.of(f"{self._requests.bucket}+segments")
                self._there = _exists(self.requests) or _exists(s3api)
            return self._there

    def _keeps_versions(self) -> bool:
        """Whether the container keeps what is replaced, whose segments are needed then: looked up once."""
        with self._lock:
            if self._kept is None:
                headers = self._requests.send("HEAD", expect=READ).headers
                # Also where it is suspended ("false"): versions from before are kept, one perhaps as what is current.
                self._kept = bool(headers.keys() & _VERSIONED)
            return self._kept

    def ensure(self) -> None:
        """Make the segments' container, on the same storage policy as the objects' own."""
        with self._lock:
            if self._made:
                return
            held = self._requests.send("HEAD", expect=READ).headers
            if "x-container-object-count" not in held:
                raise not_swift(self._requests.bucket, "an answer that is not about a container")
            policy = held.get("x-storage-policy", "")
            if not _exists(self.requests):  # one on another policy is as good, but must not be requested again
                headers = {"x-storage-policy": policy} if policy else {}
                try:
                    self.requests.send("PUT", headers=headers, expect=CREATED)
                except JsobjError as error:
                    raise _no_container(self.requests.bucket, error) from error
            self._there = self._made = True

    def of(self, container: str, info: ObjectInfo) -> tuple[Segment, ...] | None:
        """The segments of a large object, in order, proven by its ETag; None where they cannot be known.

        Unknown are those of a manifest that names parts of segments or other manifests, and of a DLO.
        """
        if not info.large:
            return None
        return self._static(container, info, self._manifest(container, info))

    def named(self, container: str, info: ObjectInfo) -> tuple[Segment, ...] | None:
        """As :meth:`of`, and also those of a dynamic large object (DLO), which are all that its prefix names.

        Its ETag is the MD5 over their MD5s on both servers, so it is proven alike; what deletes asks :meth:`of`.
        """
        if not info.large:
            return None
        reply = self._manifest(container, info)
        named = reply.headers.get("x-object-manifest", "")
        if not named:
            return self._static(container, info, reply)
        for place in dict.fromkeys((unquote(named), named)):
            where, _, prefix = place.lstrip("/").partition("/")
            api = self._requests.of(where) if where else None
            found = tuple(_listed_segment(api, item) for item in _listed(api, prefix)) if api else ()
            if _proven(found, info):
                return found
        return None

    def _static(self, container: str, info: ObjectInfo, reply: Reply) -> tuple[Segment, ...] | None:
        if "x-object-manifest" in reply.headers:
            return None
        read = read_manifest(reply.body)
        if read is not None:
            return read if _proven(read, info) else None
        return next(self._by_search(container, info), None)

    def candidates(self, info: ObjectInfo) -> tuple[Segment, ...] | None:
        """All segments that a large object of this container may consist of; None where they cannot be known.

        Where no manifest is given out, an upload that was sent twice leaves two groups that prove alike, of which only
        the server knows the one that is used.
        """
        if not info.large:
            return None
        read = read_manifest(self._manifest(self._requests.bucket, info).body)
        if read is not None:
            return read if _proven(read, info) else None
        return tuple(each for group in self._by_search(self._requests.bucket, info) for each in group) or None

    def _manifest(self, container: str, info: ObjectInfo) -> Reply:
        query = (("multipart-manifest", "get"),)
        return self._requests.of(container).send("GET", info.key, query=query, expect=READ)

    def _by_search(self, container: str, info: ObjectInfo) -> Iterator[tuple[Segment, ...]]:
        """The groups that prove to be the object's."""
        for bucket, prefix, most in searched(container, info.key):
            place = self._requests.of(bucket)
            with_names = islice(_listed(place, prefix), most)
            for folder, group in groupby(with_names, key=lambda item: item.key.rpartition("/")[0]):
                if _owner(folder) not in {"", info.key}:
                    continue  # the same bytes, of an object whose name begins with that of this one
                found = tuple(_listed_segment(place, item) for item in group)
                if _proven(found, info):
                    yield found

    def twins(self, info: ObjectInfo, fits: Callable[[Sequence[str]], bool]) -> Iterator[Segment]:
        """Segments that lie where those of ``info`` do, have its bytes (``fits`` knows, by MD5s), and are not its.

        Only what is named as segments of this key are, and is no newer than the object: what somebody sends at this
        moment stays. So does what is of an upload over Swift's S3 that is not complete: an object of its name marks it.
        """
        now = self._requests.head_or_none(info.key)
        own: tuple[Segment, ...] | None = ()
        if now is not None and now.large:
            own = read_manifest(self._manifest(self._requests.bucket, now).body)
        if own is None:  # of two groups that are alike, only the server knows which one it uses
            return
        parts = (f"{self._requests.bucket}+segments", f"{info.key}/", _SEARCHED)
        for bucket, prefix, most in (*searched(self._requests.bucket, info.key), parts):
            place = self._requests.of(bucket)
            marks = set()
            listed = islice(_listed(place, prefix), most)
            for folder, group in groupby(listed, key=lambda item: item.key.rpartition("/")[0]):
                items = list(group)
                marks |= {each.key for each in items if not each.size}
                owner = folder.rpartition("/")[0] if bucket == parts[0] else _owner(folder)
                if folder in marks or owner != info.key or not _until(info.modified, items):
                    continue
                found = [_listed_segment(place, item) for item in items]
                if sum(each.size for each in found) != info.size or set(found) & set(own):
                    continue
                if fits([each.md5 for each in found]):
                    yield from found

    # -- uploads under way

    def parts(self, upload: Upload) -> list[Part]:
        """The parts that are there, by number."""
        return [
            Part(int(match["number"]), item.size, item.etag)
            for item in _listed(self.requests, f"{upload.id}/")
            if (match := _OURS.fullmatch(item.key)) and match["id"] == upload.id
        ]

    def uploads(self, prefix: str) -> Iterator[Upload]:
        """Uploads of ours whose segments no manifest names."""
        named = ((m, item) for item in _listed(self.requests, prefix) if (m := _OURS.fullmatch(item.key)))
        for key, of_key in groupby(named, key=lambda pair: pair[0]["key"]):
            groups = [(name, list(group)) for name, group in groupby(of_key, key=lambda pair: pair[0]["id"])]
            info = self._requests.head_or_none(key)
            for name, group in groups:
                found = [_listed_segment(self.requests, item) for _, item in group]
                if not self._used(info, name, found):
                    yield Upload(key, name, float(group[0][0]["begun"]))

    def _used(self, info: ObjectInfo | None, name: str, found: Sequence[Segment]) -> bool:
        """Whether the object that is there consists of these segments, or (by its manifest) has any of them."""
        if info is None or not info.large:
            return False
        if _proven(found, info):
            return True
        return any(segment.key.startswith(f"{name}/") for segment in self.of(self._requests.bucket, info) or ())

    def abandon(self, upload: Upload) -> None:
        """Delete the segments of an upload, unless it was completed: then they are the object."""
        for _ in range(_ROUNDS):
            found = [_listed_segment(self.requests, item) for item in _listed(self.requests, f"{upload.id}/")]
            if not found or self._used(self._requests.head_or_none(upload.key), upload.id, found):
                return
            self.remove(found)

    # -- segments that are not needed any more

    def may_be_replaced(self) -> bool:
        """Whether an object may have segments that go with it: there are some, and no versions that need them."""
        return self.there() and not self._keeps_versions()

    def replaced(self, key: str) -> tuple[Segment, ...]:
        """The segments that nothing will name once ``key`` has another object, as far as they lie where its own do.

        Others stay: a manifest may name those of another object, and a symlink leads to one. Ceph RGW's Swift API does
        not tell that a bucket keeps versions (over S3): segments of old ones go there.
        """
        if not self.may_be_replaced():
            return ()
        reply = self._requests.send("HEAD", key, query=_NOT_ITS_TARGET, expect=READ | {404})
        if reply.status == 404:
            return ()
        found = self.of(self._requests.bucket, info_of(self._requests.bucket, key, reply))
        return tuple(each for each in found or () if is_own(each, self._requests.container, key))

    def remove(self, segments: Sequence[Segment]) -> None:
        """Delete segments; those that are gone are no error."""
        if not segments:
            return

        def remove(segment: Segment) -> None:
            self._requests.of(segment.container).remove(segment.key)

        try:
            in_passing(remove, segments)
        except RuntimeError:  # no thread can be started while the program ends
            for segment in segments:
                remove(segment)


def read_manifest(body: bytes) -> tuple[Segment, ...] | None:
    """The segments in a manifest as the server gives it out; None where that is none (RGW: nothing)."""
    try:
        return tuple(_segment(entry) for entry in json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def searched(container: str, key: str) -> Iterator[tuple[str, str, int | None]]:
    """Where the segments of an object may lie: container, what their names begin with, how many are looked at."""
    for folder in _FOLDERS:
        yield f"{container}_segments", f"{key}/{folder}/", None
    yield f"{container}_segments", f"{key}/", _SEARCHED
    yield container, f"{HIDDEN}{key}/", _SEARCHED


def _exists(api: SwiftRequests) -> bool:
    """Whether it can be used. In another project's account what is not there is forbidden, as what is not shared is."""
    return api.send("HEAD", expect=_EXISTS).status < 300


def _listed(api: SwiftRequests, prefix: str) -> Iterator[Listed]:
    """A listing; nothing where there is no such container."""
    with suppress(BucketNotFound):
        yield from listing(api, prefix)


def _listed_segment(api: SwiftRequests, item: Listed) -> Segment:
    return Segment(api.bucket, item.key, item.size, item.etag)


def is_own(segment: Segment, container: str, key: str) -> bool:
    """Whether a segment lies where programs put those of this object, and of no other."""
    folder = segment.key.rpartition("/")[0]
    if segment.container == f"{container}+segments":  # of Swift's S3 API: KEY/UPLOAD/NUMBER
        return folder.rpartition("/")[0] == key
    if segment.container == container:  # of Cyberduck: KEY/SIZE/NUMBER
        return folder.startswith(HIDDEN) and key in {_owner(folder), folder.removeprefix(HIDDEN).rpartition("/")[0]}
    return segment.container == f"{container}_segments" and key in {_owner(folder), folder}


def _owner(folder: str) -> str:
    """The key of the object whose segments are in ``folder``, where it is named as programs do that; "" else."""
    named = FOLDER.fullmatch(folder.removeprefix(HIDDEN))
    return named["key"] if named else ""


def _until(moment: float | None, items: Iterable[Listed]) -> bool:
    """Whether all of them are from before this moment, which servers tell in whole seconds."""
    return moment is not None and all(each.modified is not None and each.modified < moment + 1 for each in items)


def _proven(segments: Sequence[Segment], info: ObjectInfo) -> bool:
    return composite(s.md5 for s in segments) == info.etag and sum(s.size for s in segments) == info.size


def _segment(entry: dict[str, object]) -> Segment:
    if entry.get("sub_slo") or entry.get("range"):
        return Segment("", "", 0, "")  # proves nothing
    _, container, key = str(entry["name"]).split("/", 2)
    size = entry["bytes"]
    if not isinstance(size, int):
        raise ValueError("a size that is no number")
    return Segment(container, key, size, str(entry["hash"]))


def _no_container(name: str, error: JsobjError) -> JsobjError:
    return error.reworded(
        f"the container '{name}', where the parts of large objects go, cannot be made: {error.message}",
        hint=f"ask the owner to make it, and to let you write to it: jsobj bucket create swift://{name}",
    )
