"""Files at a web server that is no object store: read, with what plain HTTP tells of versions and digests.

Names are paths below the server's root. What is in a folder comes from the list that ``jsobj publish`` puts beside data
(with SHA-256), else from the index that the server makes of it. Redirects are followed as browsers do, and where one
ends is remembered, until the server there refuses.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound, RangeOutside
from jsobj.net.body import BytesSink
from jsobj.net.request import Reply, Request
from jsobj.net.retry import RetryPolicy
from jsobj.net.session import Session
from jsobj.store.foreign.headed import as_listed, headed, in_bytes
from jsobj.store.foreign.read_only import ReadOnly
from jsobj.store.foreign.web.index_page import names_in
from jsobj.store.foreign.web.place import MOST, Redirect, Target, WebPlace, followed, target_of
from jsobj.store.foreign.web.published import HEAD, MANIFEST, MARK, lines_of
from jsobj.store.foreign.web.requests import (
    NO_HEAD,
    READ,
    WANTED,
    NoRangesError,
    WebDialect,
    info_of,
    total_of,
    version_of,
)
from jsobj.store.patterns import is_pattern
from jsobj.store.values import Listed, ObjectInfo
from jsobj.urls import Origin

_AT_ONCE = 1024**2  # bytes that a server sends before anybody can write to their file
_LONGEST = 1024  # bytes of a key, as of S3: a link that leads back into its own folder makes longer and longer ones
_UNDONE = frozenset({ExitCode.AUTH, ExitCode.REFUSED, ExitCode.NOT_FOUND})
_INDEX = "index.html"


class WebStore(ReadOnly):
    """The files at one server. ``queries``: what follows the address of a key; ``proxy``: the one to a server.

    ``session_of`` is what opens connections: also to the servers that redirects lead to.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        verify: bool | str = True,
        proxy: Callable[[Origin], str] = lambda origin: "",
        retry: RetryPolicy | None = None,
    ) -> None:
        self._origin, self._verify, self._proxy = origin, verify, proxy
        self._retry = retry or RetryPolicy()
        self._opening = threading.Lock()
        self._sessions: dict[Origin, Session] = {}
        self._stopped = threading.Event()
        place = WebPlace(origin.scheme, origin.netloc, str(origin), "no login, for public data")
        super().__init__(place, self._session_of(origin))
        self.queries: dict[str, str] = {}
        self._ends: dict[str, Target] = {}
        self._whole_only: set[str] = set()
        self._promised: dict[str, str] = {}
        self._published: dict[str, Sequence[str]] = {}

    def _session_of(self, origin: Origin) -> Session:
        with self._opening:
            if origin not in self._sessions:
                self._sessions[origin] = Session(
                    origin, WebDialect(), verify=self._verify, proxy=self._proxy(origin), retry=self._retry
                )
                if self._stopped.is_set():  # a redirect may be followed only now
                    self._sessions[origin].stop()
            return self._sessions[origin]

    # -- requests

    def _send(self, method: str, key: str, **fields: Any) -> Reply:
        """Send a request where redirects lead. ``fields`` are those of :class:`jsobj.net.request.Request`."""
        if (end := self._ends.get(key)) is not None:
            try:
                return self._once(method, key, end, fields)
            except JsobjError as error:
                if error.code not in _UNDONE and not isinstance(error, Redirect):
                    raise
                self._ends.pop(key, None)  # such addresses end, too
        first = target = target_of(self._origin, key, self.queries.get(key, ""))
        for _ in range(MOST + 1):
            try:
                reply = self._once(method, key, target, fields)
            except Redirect as redirect:
                last, target = redirect, followed(target, redirect)
            else:
                if target != first:
                    self._ends[key] = target
                return reply
        raise last.reworded(f"{first} is redirected more than {MOST} times")

    def _once(self, method: str, key: str, target: Target, fields: dict[str, Any]) -> Reply:
        return self._session_of(target.origin).send(
            Request(method, target.text, item=str(target), bucket=self.place.bucket, key=key, **fields)
        )

    # -- one file

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """Size, version, time and digests. Raises :class:`JsobjError`: also refused where the size is not told."""
        if not key or key.endswith("/"):
            raise ObjectNotFound(f"{self.place.url(key)} is a folder", hint="see what is in it: jsobj ls URL")
        headers = WANTED | ({"if-match": etag} if etag else {})
        reply = self._send("HEAD", key, headers=headers, expect=READ | NO_HEAD)
        if reply.status in NO_HEAD or total_of(reply.headers) is None:
            reply = self._first_byte(key, headers)
        return self._told(key, reply)

    def _first_byte(self, key: str, headers: dict[str, str]) -> Reply:
        try:
            ranged = headers | {"range": "bytes=0-0"}
            return self._send("GET", key, headers=ranged, expect=READ, sink=BytesSink(), range_size=1)
        except NoRangesError as error:
            return error.reply
        except RangeOutside:  # it is empty
            return self._send("GET", key, headers=headers, expect=READ, sink=BytesSink())

    def _told(self, key: str, reply: Reply) -> ObjectInfo:
        size = total_of(reply.headers)
        if size is None:
            url = self.place.url(key)
            raise JsobjError(
                "web-size-unknown",
                f"the server does not tell the size of {url}, so nothing could prove that all of it came",
                code=ExitCode.REFUSED,
                hint="if it is to be kept as it comes: curl -fsSL URL | jsobj upload - s3://BUCKET/NAME",
            )
        info = info_of(key, size, reply.headers)
        return replace(info, sha256=self._promised[key]) if key in self._promised else info

    def _fetch(self, key: str, **fields: Any) -> tuple[ObjectInfo, Reply]:
        try:
            reply = self._send("GET", key, expect=READ, **fields)
        except JsobjError as error:
            if error.code is ExitCode.NETWORK and key in self._whole_only:
                again = "run the same command again: the server sends it as a whole only, so that it begins anew"
                raise error.reworded(error.message, hint=again) from error
            raise
        version = version_of(reply.headers)
        if version and reply.received > _AT_ONCE:
            # Unlike an object, a file may be written to while it is sent: what came is of one version only if that is
            # still there.
            self._send("HEAD", key, headers={"if-match": version}, expect=READ | NO_HEAD)
        return self._told(key, reply), reply

    def in_stretches(self, info: ObjectInfo) -> bool:
        """Not where the server knows no ranges, nor where nothing tells that they are of one version."""
        if info.etag and info.key not in self._whole_only:
            try:
                ranged = {"range": "bytes=0-0", "if-match": info.etag}
                self._send("GET", info.key, headers=ranged, expect=READ, sink=BytesSink(), range_size=1)
            except NoRangesError:
                pass
            else:
                return True
        self._whole_only.add(info.key)
        return False

    # -- lists

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """What is below a folder. Raises :class:`JsobjError` (refused, ``web-no-list``) where nothing tells."""
        single = ""
        if prefix and not prefix.endswith("/"):
            try:
                info = self.head(prefix)
            except ObjectNotFound:
                pass
            else:
                single = prefix
                if in_bytes(after) < in_bytes(prefix):
                    yield as_listed(info)
        try:
            keys = self._keys(prefix[: prefix.rfind("/") + 1], prefix, in_bytes(after), deep=delimiter != "/")
            yield from headed((key for key in keys if key != single), self._listed)
        except JsobjError as error:
            # A single name that is not there is not there, whether the folder above has a list or not.
            if error.reference != "web-no-list" or delimiter != "/" or prefix.endswith("/") or is_pattern(prefix):
                raise

    def _keys(self, folder: str, prefix: str, after: bytes, *, deep: bool, named: bool = False) -> Iterator[str]:
        """Keys that begin with ``prefix``, in the order of their bytes; without ``deep`` folders as they are.

        ``named``: the folder above tells of this one, so that it is not empty for not being there.
        """
        if len(in_bytes(folder)) > _LONGEST:
            raise JsobjError(
                "web-list-endless",
                f"the folders at {self.place.url(prefix)} have no end: a link leads back to one above it",
                code=ExitCode.REFUSED,
                hint="name the folders that are meant, one by one",
            )
        names = self._names(folder, named=named)
        whole = folder in self._published
        if whole and not deep:
            names = list(dict.fromkeys(name[: name.find("/") + 1] or name for name in names))
        for name in names:
            key = folder + name
            if not (key.startswith(prefix) or prefix.startswith(key)):
                continue
            if deep and name.endswith("/"):
                if in_bytes(key) > after or after.startswith(in_bytes(key)):
                    yield from self._keys(key, prefix, after, deep=True, named=True)
            elif in_bytes(key) > after and key.startswith(prefix):
                yield key

    def _listed(self, key: str) -> Listed:
        if key.endswith("/"):
            return Listed(key, prefix=True)
        try:
            return as_listed(self.head(key))
        except JsobjError as error:
            if error.code not in _UNDONE:
                raise
            return Listed(key)  # whoever reads it is told why it cannot be read

    def _names(self, folder: str, *, named: bool) -> Sequence[str]:
        """The names in a folder; all those below it where its page has a list."""
        if folder in self._published:
            return self._published[folder]
        try:
            reply = self._send("GET", folder, expect=READ)
        except JsobjError as error:
            if error.code not in _UNDONE:
                raise
            if self._has_page(folder):
                return self._of_page(folder)
            if isinstance(error, ObjectNotFound) and folder and not named:
                return []
            raise self._no_list(folder, error.context) from error
        if MARK in reply.body[:HEAD]:
            return self._of_page(folder)
        url = str(self._ends.get(folder) or target_of(self._origin, folder))
        names = names_in(reply, url[: url.rfind("/") + 1])
        if names is None and self._has_page(folder):
            return self._of_page(folder)
        if names is None:
            raise self._no_list(
                folder, f"what it gives is {reply.media_type or 'of no type'}, and no index of a folder"
            )
        return names

    def _has_page(self, folder: str) -> bool:
        """Whether a page of ours is in a folder, or in one above it: not every folder below one need have its own."""
        while True:
            try:
                return MARK in self._send("GET", folder + _INDEX, expect=READ).body[:HEAD]
            except JsobjError as error:
                if error.code not in _UNDONE:
                    raise
            if not folder:
                return False
            folder = _above(folder)

    def _of_page(self, folder: str) -> Sequence[str]:
        """What the nearest list at or above a folder with a page of ours has below it, and the list itself."""
        above = folder
        while True:
            sink = BytesSink()
            try:
                self.get(above + MANIFEST, sink)
                break
            except JsobjError as error:
                if error.code not in _UNDONE:
                    raise
                if not above:
                    raise self._no_list(folder, f"its page has no {MANIFEST} beside it") from error
            above = _above(above)
        below, names = folder[len(above) :], [] if above != folder else [MANIFEST]
        for name, digest in lines_of(bytes(sink.data).splitlines(), self.place.url(above + MANIFEST)):
            self._promised[above + name] = digest
            if name.startswith(below):
                names.append(name[len(below) :])
        self._published[folder] = sorted(names, key=in_bytes)
        return self._published[folder]

    def _no_list(self, folder: str, context: str) -> JsobjError:
        return JsobjError(
            "web-no-list",
            f"the server has no list of what is in {self.place.url(folder)}",
            code=ExitCode.REFUSED,
            context=context,
            hint=(
                "name files one by one, or write their addresses into a file, one a line:",
                "jsobj cp --urls-from FILE s3://BUCKET/PREFIX/",
            ),
        )

    # -- ending

    def stop(self) -> None:
        """Cut every connection now, from another thread; no other is opened."""
        self._stopped.set()  # first: what is opened from now on is stopped there
        for session in tuple(self._sessions.values()):
            session.stop()

    def cut(self, threads: Iterable[int]) -> None:
        """End what some threads have under way, from another one."""
        threads = tuple(threads)
        for session in tuple(self._sessions.values()):
            session.cut(threads)

    def close(self) -> None:
        """Close the connections that are kept."""
        for session in tuple(self._sessions.values()):
            session.close()


def _above(folder: str) -> str:
    return folder[: folder.rfind("/", 0, -1) + 1]
