"""Which segments the manifests of an account name: all its containers are read, since a manifest may be in any.

Nothing here is guessed. Where the segments of one large object cannot be known, or a container not be read, that is
said (``unseen``), and nobody may call any segment an orphan then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.parallel_map import if_interrupted, parallel_map
from jsobj.store.etag import EMPTY_MD5
from jsobj.store.swift.containers import Entry, account_containers, entries, headers_of, version_query
from jsobj.store.swift.requests import READ, SwiftRequests
from jsobj.store.swift.segments import Segments
from jsobj.store.swift.temp_url import is_rgw

_PARALLEL = 8
_BATCH = 1000  # entries that are held while their manifests are read


@dataclass(frozen=True, slots=True)
class Named:
    """What manifests name: ``(container, key)``, of static ones; ``(container, prefix)``, of dynamic ones.

    ``unseen``: what could not be looked at, in words.
    """

    segments: frozenset[tuple[str, str]] = frozenset()
    prefixes: frozenset[tuple[str, str]] = frozenset()
    unseen: tuple[str, ...] = ()

    def __contains__(self, segment: tuple[str, str]) -> bool:
        """Whether a manifest names the segment (container, key)."""
        container, key = segment
        if segment in self.segments:
            return True
        return bool(self.prefixes) and any((container, key[:n]) in self.prefixes for n in range(len(key) + 1))


@dataclass(slots=True)
class _Finding:
    """What was read from one entry; ``problem``: why its segments are not known."""

    segments: list[tuple[str, str]] = field(default_factory=list)
    prefixes: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""


class Manifests:
    """The manifests of the account that ``api`` belongs to. What was read of an unchanged manifest is kept.

    ``old_versions``: of a container, why the old versions in it cannot be known ("" where there are none): for Ceph,
    whose Swift API does not list them.
    """

    def __init__(self, api: SwiftRequests, old_versions: Callable[[str], str]) -> None:
        self._api = api
        self._old_versions = old_versions
        self._known: dict[tuple[str, Entry], _Finding] = {}

    def read(self) -> Named:
        """All that they name now."""
        segments: set[tuple[str, str]] = set()
        prefixes: set[tuple[str, str]] = set()
        unseen: list[str] = []
        known: dict[tuple[str, Entry], _Finding] = {}
        own = False
        for container in (each.name for each in account_containers(self._api)):
            own = own or container == self._api.bucket
            try:
                for entry, found in self._of(container):
                    known[container, entry] = found
                    segments.update(found.segments)
                    prefixes.update(found.prefixes)
                    unseen += [found.problem] if found.problem else []
                if problem := self._old_versions(container):
                    unseen.append(problem)
            except JsobjError as error:
                if error.code in {ExitCode.NETWORK, ExitCode.AUTH}:
                    raise
                if error.code is not ExitCode.NOT_FOUND:  # else it was deleted meanwhile
                    unseen.append(f"container '{container}': {error.message}")
        if not own:  # another account's listing, or one that lags behind: it proves nothing of this container
            unseen.append(f"the account does not list its container '{self._api.bucket}'")
        self._known = known
        return Named(frozenset(segments), frozenset(prefixes), tuple(unseen))

    def _of(self, container: str) -> Iterator[tuple[Entry, _Finding]]:
        api = self._api.of(container)
        headers = headers_of(api)
        rgw, versioned = is_rgw(headers), "x-versions-enabled" in headers
        look = _Look(api, rgw=rgw)
        suspects = (entry for entry in entries(api, versions=versioned) if _may_name(entry, rgw))
        stop = if_interrupted(api.session.stop)  # the other containers are read after an error of one
        while batch := [entry for _, entry in zip(range(_BATCH), suspects, strict=False)]:
            new = [entry for entry in batch if (container, entry) not in self._known]
            read = dict(zip(new, parallel_map(look.at, new, _PARALLEL, stop=stop), strict=True))
            yield from ((entry, read.get(entry) or self._known[container, entry]) for entry in batch)


def _may_name(entry: Entry, rgw: bool) -> bool:
    """Whether an entry may be a manifest or a symlink. A dynamic manifest is listed as empty by both servers."""
    if entry.marker:
        return False
    return entry.slo or bool(entry.symlink) or entry.size == 0 or (rgw and entry.etag == EMPTY_MD5)


@dataclass(frozen=True, slots=True)
class _Look:
    """Reads what one entry of a container names."""

    api: SwiftRequests
    rgw: bool

    def at(self, entry: Entry) -> _Finding:
        """Raises network and auth."""
        try:
            return self._read(entry)
        except ObjectNotFound:
            return _Finding()  # deleted meanwhile
        except JsobjError as error:
            if error.code in {ExitCode.NETWORK, ExitCode.AUTH}:
                raise
            return _Finding(problem=f"{self.api.bucket}/{entry.key}: {error.message}")

    def _read(self, entry: Entry) -> _Finding:
        found = _Finding()
        if entry.symlink and (target := _place(entry.symlink.partition("?")[0].partition("/v1/")[2].partition("/")[2])):
            found.segments.append(target)
        version = version_query(entry.version) if entry.version else ()
        if entry.slo:
            return self._static(entry, version, found)
        link = () if self.rgw else (("symlink", "get"),)  # the link itself, not what it points to
        reply = self.api.send("HEAD", entry.key, query=(*version, *link), expect=READ)
        if target := _place(unquote(reply.headers.get("x-symlink-target", ""))):
            found.segments.append(target)
        if manifest := reply.headers.get("x-object-manifest", ""):
            container, _, prefix = unquote(manifest).lstrip("/").partition("/")
            raw, _, raw_prefix = manifest.lstrip("/").partition("/")
            found.prefixes += [(container, prefix), (raw, raw_prefix)]
        elif reply.headers.get("x-static-large-object", "").lower() == "true":
            return self._static(entry, version, found)
        return found

    def _static(self, entry: Entry, version: tuple[tuple[str, str], ...], found: _Finding) -> _Finding:
        if self.rgw:  # it does not give manifests out
            info = self.api.head(entry.key)
            segments = Segments(self.api).candidates(info)
            if segments is None:
                found.problem = f"the segments of {self.api.bucket}/{entry.key} are not known"
            found.segments += [(each.container, each.key) for each in segments or ()]
            return found
        reply = self.api.send("GET", entry.key, query=(("multipart-manifest", "get"), *version), expect=READ)
        try:
            places = [_place(str(each["name"]).lstrip("/")) for each in json.loads(reply.body) if "name" in each]
        except (ValueError, KeyError, TypeError):
            places = []
        if not places or None in places:
            found.problem = f"the manifest of {self.api.bucket}/{entry.key} cannot be read"
        found.segments += [place for place in places if place is not None]
        return found


def _place(path: str) -> tuple[str, str] | None:
    container, slash, key = path.partition("/")
    return (container, key) if slash and key else None


def read_one(api: SwiftRequests, key: str) -> Named:
    """What the object ``key`` itself names, if it is a manifest: also a dynamic one that is not empty, and a static one
    that an old server lists as any other object."""
    try:
        headers = api.send("HEAD", key, expect=READ | {404}).headers
    except JsobjError as error:
        if error.code in {ExitCode.NETWORK, ExitCode.AUTH}:
            raise
        return Named(unseen=(f"{api.bucket}/{key}: {error.message}",))
    if headers.get("x-static-large-object", "").lower() == "true":
        found = _Look(api, rgw=is_rgw(headers_of(api))).at(Entry(key, 0, "", None, "", slo=True))
        return Named(frozenset(found.segments), unseen=(found.problem,) if found.problem else ())
    container, slash, prefix = headers.get("x-object-manifest", "").lstrip("/").partition("/")
    return Named(prefixes=frozenset({(container, prefix)})) if slash else Named()
