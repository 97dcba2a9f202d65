"""A published prefix: the pages that are to be written and removed, and what is done about it.

Every page is compared by digest with what is there, so that only what changed is written, and a run that was killed is
mended by the next. What jsobj wrote is known by its metadata; nothing else is replaced or deleted.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, compress, islice

from jsobj.catalog.search.layout import INDEX_KEY
from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSource, Moved, uncounted
from jsobj.parallel_map import parallel_map
from jsobj.publish.content import Content
from jsobj.publish.entries import FINDER, ITEM, PAGE
from jsobj.publish.lines import Published
from jsobj.publish.manifest import (
    MADE,
    STATE,
    Manifest,
    ManifestLine,
    is_manifest,
    known_lines,
    make_manifest,
    remove_manifest,
)
from jsobj.publish.page import render
from jsobj.publish.public import Way, first_refused, proven, ways_in
from jsobj.publish.tree import SETTINGS, Folder, Tree
from jsobj.publish.wish import Wish, keep_wish, read_wish
from jsobj.store.links.public_look import PublicServer
from jsobj.store.location import head_or_none, nothing_at
from jsobj.store.objects import Store
from jsobj.store.values import PutOptions
from jsobj.transfer.local.digest_list import MANIFEST

MANY = 1000  # pages that are made without being asked for by a depth
TRIED = 1000  # folders of which it is tried whether others may read what is in them
README = "README.md"
_WORKERS = 8
_ITEM = PutOptions("application/geo+json", metadata={MADE: "item"}, served={"cache-control": "no-cache"})
_OPTIONS = PutOptions("text/html; charset=utf-8", metadata={MADE: "page"}, served={"cache-control": "no-cache"})


@dataclass(frozen=True, slots=True)
class Change:
    """``action`` on one object: ``write``, ``keep`` (it is the same already), ``leave`` (not jsobj's), ``remove``."""

    action: str
    key: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Publication:
    """What was done. ``urls``: of the page, by dialect, each read without a login. ``objects``: that are shown.

    ``search``: the URLs of the search page, likewise; none where there is no catalogue that can be searched.
    """

    urls: dict[str, str]
    changes: tuple[Change, ...]
    objects: int
    manifest: Manifest | None
    search: dict[str, str] = field(default_factory=dict)

    def keys(self, action: str) -> tuple[str, ...]:
        """The pages that this was done with."""
        return tuple(change.key for change in self.changes if change.action == action)


def prefix_of(key: str) -> str:
    """What is meant by the key of a folder: what is below it."""
    return f"{key}/" if key and not key.endswith("/") else key


class Site:
    """The pages of one prefix (ends in a slash, or ""), with the owner's store and what others see of the server.

    ``at``: the options that choose the same login, for hints. Raises what the store raises.
    """

    def __init__(self, store: Store, prefix: str, server: PublicServer, wish: Wish, *, at: str = "") -> None:
        self._store, self._prefix, self._server, self._at = store, prefix, server, at
        self._wish = wish.over(read_wish(store, prefix))
        self._finder = False  # whether there is a search page, by the tree
        self._tree = self._read()
        self._ways: tuple[Way, ...] = ()

    def require(self) -> None:
        """Raises :class:`JsobjError` for what keeps the pages from being written: not found where nothing is there,
        refused where others cannot read it, or a part of it (of each folder one object is tried), or the page is
        somebody else's; usage for very many pages.
        """
        folders = self._tree.folders()
        if not self._tree.objects and not self._tree.searchable:
            raise nothing_at(self._store, self._prefix)
        if len(folders) > MANY and self._wish.depth is None:
            raise _many(folders)
        self._ways = ways_in(self._server, self._store.place.bucket, self._prefix, self._sample())
        if not self._ways:
            raise self._not_public()
        # A page and a manifest tell names, sizes and digests: of nothing that a policy keeps from others.
        told = chain([INDEX_KEY] if self._tree.searchable else [], islice(self._tree.samples(), TRIED))
        names = (f"{self._prefix}{name}" for name in told)
        if closed := first_refused(self._server, self._store.place.bucket, self._ways[0], names):
            raise self._partly_closed(closed)
        for name in (PAGE, *([README] if self._wish.readme is not None else [])):
            if not self._wish.force and self._foreign(name) and not self._same_readme(name):
                raise self._not_ours(name)

    def plan(self) -> Iterator[Change]:
        """What would be done about the pages; writes nothing."""
        return (change for change, _ in self._changes(self._decide))

    @property
    def untold(self) -> str:
        """What others do not get from the server and the page tells, or what was not tried; "" for nothing.

        After :meth:`require`.
        """
        if not any(way.listed for way in self._ways):
            return "others may not list these objects, and the page tells them the names"
        more = sum(1 for _ in self._tree.samples()) - TRIED
        return f"of {more} more folders it was not tried whether others may read them" if more > 0 else ""

    @property
    def unsearched(self) -> bool:
        """Whether there is a catalogue, and not yet what a search page reads: ``jsobj catalog compact`` makes it."""
        return self._tree.catalogued and not self._tree.searchable

    @property
    def total(self) -> tuple[int, int]:
        """How many objects are shown, and their bytes."""
        return self._tree.objects, self._tree.size

    def run(
        self, *, tell: Callable[[ManifestLine], object] = lambda line: None, moved: Moved = uncounted
    ) -> Publication:
        """Do it, and prove that others read the page. ``tell`` gets the lines of the manifest, as far as one is made,
        ``moved`` bytes as they are read for it.
        """
        store, prefix, wish = self._store, self._prefix, self._wish
        keep_wish(store, prefix, wish)
        if wish.readme is not None and not self._same_readme(README):
            options = PutOptions("text/markdown; charset=utf-8", metadata={MADE: "readme"})
            store.put(prefix + README, BytesSource(wish.readme), options)
        manifest = None
        if wish.manifest is False:
            remove_manifest(store, prefix)  # it would soon be wrong
        else:
            manifest = make_manifest(store, prefix, ours=self._is_page, tell=tell, moved=moved)
        self._tree = self._read()
        changes, shown = [], {PAGE: b"", FINDER: b""}
        for change, page in self._changes(self._do):
            changes.append(change)
            if (name := change.key.removeprefix(prefix)) in shown:
                shown[name] = page
        urls, search = (
            proven(self._server, store.place.bucket, self._ways, prefix + name, page) if page else {}
            for name, page in shown.items()
        )
        return Publication(urls, tuple(changes), self._tree.objects, manifest, search)

    # -- what is there

    def _read(self) -> Tree:
        known = {
            (line.name, line.etag): line.digest
            for line in known_lines(self._store, self._prefix)
            if line.etag and "/" not in line.name.lower().partition(".zarr/")[2]  # chunks are not shown
        }
        tree = Tree(
            self._prefix,
            depth=self._wish.depth,
            ours=is_manifest,
            digest=lambda name, etag: known.get((name, etag), ""),
            etags=self._store.place.dialect == "s3",
        ).read(self._store.list(self._prefix))
        items = [folder.item for folder in tree.folders() if folder.item in tree.pages]
        found = [FINDER] if tree.searchable and FINDER in tree.pages else []
        names = [*self._strays(tree), *items, *found]
        with closing(parallel_map(self._foreign, names, _WORKERS, stop=self._store.stop)) as foreign:
            others = set(compress(names, list(foreign)))  # to its end: what ends early stops the store
        for name in others:
            tree.show(name)
        self._finder = tree.searchable and FINDER not in others
        return tree

    def _strays(self, tree: Tree) -> list[str]:
        """Objects that are called as pages are, where no page goes."""
        places = {place for folder in tree.folders() for place in (folder.key, folder.item)}
        places |= {FINDER} if tree.searchable else set()
        return [name for name in tree.pages if name not in places and not name.startswith(tree.published())]

    def _is_page(self, name: str) -> bool:
        return name in self._tree.pages

    def _foreign(self, name: str) -> bool:
        """Whether an object is there, and jsobj has not made it."""
        info = head_or_none(self._store, self._prefix + name)
        return info is not None and MADE not in info.metadata

    def _same_readme(self, name: str) -> bool:
        if name != README or self._wish.readme is None:
            return False
        info = head_or_none(self._store, self._prefix + README)
        return info is not None and info.etag == _md5(self._wish.readme)

    def _sample(self) -> str:
        """The key of an object that is shown: a small one, which is in one piece."""
        entries = chain.from_iterable(
            ((entry, folder) for entry in folder.entries if not entry.folder) for folder in self._tree.folders()
        )
        found = min(entries, key=lambda each: (each[0].size, each[1].path, each[0].name), default=None)
        if found is None:  # a Zarr that has nothing but folders
            return next(item.key for item in self._store.list(self._prefix))
        return f"{self._prefix}{found[1].path}{found[0].name}"

    # -- what is to be done

    def _changes(self, act: Callable[[tuple[str, bytes]], tuple[Change, bytes]]) -> Iterator[tuple[Change, bytes]]:
        """Every page, the innermost first, with its bytes; before them the pages that no folder has any more."""
        strays = ((name, b"") for name in self._strays(self._tree))
        with closing(parallel_map(act, strays, _WORKERS, stop=self._store.stop)) as gone:
            yield from gone
        if self._tree.searchable and not self._finder:
            yield Change("leave", self._prefix + FINDER), b""
        folders = self._tree.folders()
        content = self._content(folders)

        def make(folder: Folder) -> list[tuple[Change, bytes]]:
            page, item = content.page(folder)
            items = [(folder.item, item)] if item or folder.item in self._tree.pages else []
            if self._finder and not folder.path:
                items.append((FINDER, content.search()))
            return [act(each) for each in (*items, (folder.key, render(page)))]

        with closing(parallel_map(make, folders, _WORKERS, stop=self._store.stop)) as done:
            for changes in done:
                yield from changes

    def _decide(self, wanted: tuple[str, bytes]) -> tuple[Change, bytes]:
        name, page = wanted
        there = self._tree.pages.get(name)
        if not page:
            action = "remove"
        elif there is not None and there.etag == _md5(page):
            action = "keep"
        elif there is not None and not (self._wish.force and name == PAGE) and self._foreign(name):
            action = "leave"
        else:
            action = "write"
        return Change(action, self._prefix + name, len(page)), page

    def _do(self, wanted: tuple[str, bytes]) -> tuple[Change, bytes]:
        change, page = self._decide(wanted)
        if change.action == "write":
            options = _ITEM if change.key.rpartition("/")[2] == ITEM else _OPTIONS
            self._store.put(change.key, BytesSource(page), options)
        elif change.action == "remove":
            self._store.delete(change.key)
        return change, page

    def _content(self, folders: tuple[Folder, ...]) -> Content:
        wish, place = self._wish, None
        manifest = wish.manifest is not False
        if self._ways:
            way = next((each for each in self._ways if each.listed), self._ways[0])
            server = self._server
            place = Published(way.container, server.origin, server.region, self._prefix, way.listed, manifest)
        return Content(
            self._store,
            self._prefix,
            wish.title,
            place,
            readme=wish.readme,
            manifest=manifest,
            search=self._finder,
            folders=folders,
        )

    # -- errors

    def _not_public(self) -> JsobjError:
        place = shlex.quote(f"{self._store.place.bucket.rpartition(':')[2]}/{self._prefix}".rstrip("/"))
        return JsobjError(
            "publish-not-public",
            f"what is below {self._store.place.url(self._prefix)} is not public yet, so nobody could open the page",
            code=ExitCode.REFUSED,
            hint=f"let everybody read it first: jsobj bucket public {place}{self._at}",
        )

    def _partly_closed(self, key: str) -> JsobjError:
        folder, at = key.rpartition("/")[0], self._at
        bucket = self._store.place.bucket.rpartition(":")[2]
        return JsobjError(
            "publish-partly-public",
            f"{self._store.place.url(key)} is kept from others, and a page would tell them of it",
            code=ExitCode.REFUSED,
            hint=f"publish a folder that is public, or open this one: "
            f"jsobj bucket public {shlex.quote(f'{bucket}/{folder}'.rstrip('/'))}{at}",
        )

    def _not_ours(self, name: str) -> JsobjError:
        return JsobjError(
            "publish-not-ours",
            f"{self._store.place.url(self._prefix + name)} is there already, and jsobj has not made it",
            code=ExitCode.REFUSED,
            hint="publish another folder, or replace it: --force",
        )


def own(store: Store, prefix: str) -> Iterator[str]:
    """The keys of what jsobj wrote to publish a prefix; not of what was published on its own below it."""
    tree = Tree(prefix).read(store.list(prefix))
    others = tree.published()
    names = [name for name in tree.pages if not name.startswith(others)]

    def made(name: str) -> str:
        info = head_or_none(store, prefix + name)
        return prefix + name if info is not None and MADE in info.metadata else ""

    with closing(parallel_map(made, [*names, README, MANIFEST, STATE, SETTINGS], _WORKERS, stop=store.stop)) as found:
        yield from filter(None, found)


def remove(store: Store, prefix: str) -> tuple[str, ...]:
    """Delete what jsobj wrote to publish a prefix, and nothing else; the keys."""
    gone = tuple(own(store, prefix))
    with closing(parallel_map(store.delete, gone, _WORKERS, stop=store.stop)) as done:
        for _ in done:
            pass
    return gone


def _many(folders: tuple[Folder, ...]) -> JsobjError:
    depth = 0
    while sum(folder.depth <= depth + 1 for folder in folders) <= MANY:
        depth += 1
    pages = sum(folder.depth <= depth for folder in folders)
    return JsobjError(
        "publish-many-pages",
        f"every folder gets a page, and these are {len(folders)} folders",
        code=ExitCode.USAGE,
        hint=f"make {pages}, whose innermost show what is below them: --depth {depth}",
    )


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
