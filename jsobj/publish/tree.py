"""From the listing of a prefix to the folders that get a page each.

A Zarr is one thing: it gets one page, with its arrays on it, and its folders of chunks get none. All entries that are
shown are in memory, of a Zarr its first level only: about 300 bytes for each object outside of a Zarr.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from jsobj.catalog.layout import ROOT
from jsobj.catalog.search.layout import INDEX_KEY
from jsobj.export.snippets.kinds import ZARR_FILES
from jsobj.publish.entries import ITEM, PAGE, WRITTEN, Entry
from jsobj.store.etag import is_md5
from jsobj.store.values import Listed

OWN_FOLDER = ".jsobj/"
SETTINGS = f"{OWN_FOLDER}publish.json"
ZARR = "Zarr"


@dataclass(frozen=True, slots=True)
class Folder:
    """What one page shows. ``path``: below the prefix, "" for the prefix itself, else it ends in a slash.

    ``kind``: :data:`ZARR` where it is one.
    """

    path: str
    entries: tuple[Entry, ...]
    kind: str = ""

    @property
    def key(self) -> str:
        """Of its page, below the prefix."""
        return f"{self.path}{PAGE}"

    @property
    def item(self) -> str:
        """Of its STAC item, likewise, where it has one."""
        return f"{self.path}{ITEM}"

    @property
    def depth(self) -> int:
        """How many folders it is below the prefix."""
        return self.path.count("/")


@dataclass(slots=True)
class _Node:
    entries: list[Entry] = field(default_factory=list)
    below: dict[str, _Node] = field(default_factory=dict)
    size: int = 0
    objects: int = 0
    modified: int | None = None
    zarr: bool = False
    own: bool = False  # published on its own

    def count(self, item: Listed) -> None:
        self.size += item.size
        self.objects += 1
        if item.modified is not None:
            self.modified = max(self.modified or 0, int(item.modified))


class Tree:
    """What is below ``prefix`` (ends in a slash, or ""), taken in by :meth:`read` in any order.

    ``depth``: folders deeper than this get no page, and the deepest pages show what is in them; None: all get one.
    ``ours``: names below the prefix that are no data. ``digest``: the SHA-256 of a name with an ETag, "" where it is
    not known. ``pages``: the objects that are called as what jsobj writes beside data, by their names, as listed.
    ``catalogued``: whether the prefix has a catalogue; ``searchable``: whether it has what the search page reads.
    """

    def __init__(
        self,
        prefix: str,
        *,
        depth: int | None = None,
        ours: Callable[[str], bool] = lambda name: False,
        digest: Callable[[str, str], str] = lambda name, etag: "",
        etags: bool = True,
    ) -> None:
        self._prefix, self._depth, self._ours, self._digest = prefix, depth, ours, digest
        self._etags = etags  # whether an MD5 in the listing is that of the bytes: Swift lists one of large objects, too
        self._root = _Node(zarr=_named_zarr(prefix.rstrip("/")))
        self.pages: dict[str, Listed] = {}
        self.catalogued = self.searchable = False

    def read(self, listing: Iterable[Listed]) -> Tree:
        """Take in objects; the tree itself."""
        for item in listing:
            name = item.key[len(self._prefix) :]
            if name.rpartition("/")[2] in WRITTEN:
                self.pages[name] = item
            elif f"/{ROOT}" in f"/{name}":  # rows about data are no data
                self.catalogued = self.catalogued or name.startswith(ROOT)
                self.searchable = self.searchable or name == INDEX_KEY
            elif f"/{OWN_FOLDER}" in f"/{name}":
                if name != SETTINGS and name.endswith(f"/{SETTINGS}"):
                    _at(self._root, name.removesuffix(f"/{SETTINGS}").split("/")).own = True
            elif not name.endswith("/") and name and not self._ours(name):
                self._add(name, item)
        return self

    def show(self, name: str) -> None:
        """An object of :attr:`pages` that is data: it is called so by chance."""
        self._add(name, self.pages.pop(name))

    @property
    def objects(self) -> int:
        """How many objects are shown."""
        return self._root.objects

    @property
    def size(self) -> int:
        """Of these objects, all together, in bytes."""
        return self._root.size

    def folders(self) -> tuple[Folder, ...]:
        """Those that get a page: the innermost first, the prefix itself last."""
        return tuple(self._folders(self._root, ""))

    def samples(self) -> Iterator[str]:
        """Of each folder that has any, and of each Zarr, the name of one object that is shown: the smallest."""
        return _samples(self._root, "")

    def published(self) -> tuple[str, ...]:
        """The folders below that were published on their own, and are only linked to."""
        return tuple(_published(self._root, ""))

    def _add(self, name: str, item: Listed) -> None:
        *path, last = name.split("/")
        node = self._root
        node.count(item)
        for part in path:
            inside = node.zarr  # it keeps what is right below it, and of its folders the totals
            node = node.below.setdefault(part, _Node())
            node.count(item)
            if inside:
                return
            node.zarr = node.zarr or _named_zarr(part)
        if last in ZARR_FILES and not node.zarr:
            node.zarr = True
            for folder in node.below.values():
                folder.entries.clear()
                folder.below.clear()
        md5 = item.etag if self._etags and is_md5(item.etag) else ""
        modified = None if item.modified is None else int(item.modified)
        node.entries.append(Entry(last, item.size, modified, md5, self._digest(name, item.etag)))

    def _folders(self, node: _Node, path: str) -> Iterator[Folder]:
        entries = list(node.entries)
        for name, below in node.below.items():
            inner = f"{path}{name}/"
            paged = not node.zarr and _opens(inner) and (self._depth is None or inner.count("/") <= self._depth)
            if paged and not below.own:
                yield from self._folders(below, inner)
            if paged or below.own or node.zarr or below.zarr:
                entries.append(_entry(f"{name}/", below, page=paged or below.own))
            else:
                entries.extend(_flat(below, f"{name}/"))
        yield Folder(path, tuple(entries), ZARR if node.zarr else "")


def _samples(node: _Node, path: str) -> Iterator[str]:
    if node.entries:
        yield f"{path}{min(node.entries, key=lambda entry: (entry.size, entry.name)).name}"
    for name, below in node.below.items():
        if not below.own:
            yield from _samples(below, f"{path}{name}/")


def _published(node: _Node, path: str) -> Iterator[str]:
    for name, below in node.below.items():
        inner = f"{path}{name}/"
        if below.own:
            yield inner
        else:
            yield from _published(below, inner)


def _named_zarr(name: str) -> bool:
    return name.lower().endswith(".zarr")


def _at(node: _Node, path: list[str]) -> _Node:
    for part in path:
        node = node.below.setdefault(part, _Node())
    return node


def _entry(name: str, node: _Node, *, page: bool) -> Entry:
    kind = ZARR if node.zarr else ""
    return Entry(name, node.size, node.modified, objects=node.objects, kind=kind, page=page)


def _flat(node: _Node, start: str) -> Iterator[Entry]:
    """Everything below, by its long name; a Zarr as one."""
    for entry in node.entries:
        yield replace(entry, name=f"{start}{entry.name}")
    for name, below in node.below.items():
        inner = f"{start}{name}/"
        if below.zarr or below.own:
            yield _entry(inner, below, page=below.own)
        else:
            yield from _flat(below, inner)


def _opens(path: str) -> bool:
    """Whether a browser can go there: it takes ``.`` and ``..`` away."""
    return not {".", ".."} & set(path.split("/"))
