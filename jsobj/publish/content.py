"""What is on each page of a published prefix: entries, description, dataset, lines to copy, links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jsobj.net.body import BytesSink
from jsobj.publish.catalogue import citation
from jsobj.publish.catalogue.about import Found, about
from jsobj.publish.catalogue.citation import CFF
from jsobj.publish.dataset import Dataset
from jsobj.publish.entries import FINDER, ITEM, PAGE, Crumb, Entry, Link, Page
from jsobj.publish.inspect.look import datasets, installed, is_netcdf
from jsobj.publish.lines import Published, ways
from jsobj.publish.readme import LARGEST
from jsobj.publish.search.page import render_search
from jsobj.publish.tree import ZARR, Folder
from jsobj.store.objects import Store
from jsobj.transfer.local.digest_list import MANIFEST

_READMES = ("readme.md", "readme.txt", "readme")  # the first of these that is there
_LOOKED_INTO = 100  # folders whose data are looked into, beside the first page's own


class Content:
    """Makes the values of pages. ``title``: of the first one, "" for its own; ``place``: None where nobody else reads.

    ``search``: whether the first one has the search page beside it.
    ``readme``: what will be the description of the first one, None for what is there. ``folders``: all that get a page.
    Its methods may be called from several threads.
    """

    def __init__(
        self,
        store: Store,
        prefix: str,
        title: str,
        place: Published | None,
        *,
        readme: bytes | None,
        manifest: bool,
        search: bool = False,
        folders: Iterable[Folder],
    ) -> None:
        self._store, self._prefix, self._title = store, prefix, title
        self._place, self._readme, self._manifest, self._searched = place, readme, manifest, search
        with_data = sorted(folder.path for folder in folders if folder.path and _has_data(folder))
        self._looked_into = {"", *with_data[:_LOOKED_INTO]}

    def page(self, folder: Folder) -> tuple[Page, bytes]:
        """Of one folder, with its STAC item, b"" for none. Raises what the store raises."""
        title = self._title if not folder.path else ""
        said = about(folder, self._found(folder), self._name(folder.path), self._place, title=title)
        item = b"" if ITEM in {entry.name for entry in folder.entries} else said.item  # that is somebody else's
        page = Page(
            said.title,
            folder.entries,
            self._trail(folder.path),
            readme=said.readme,
            dataset=said.dataset,
            ways=ways(self._place, folder) if self._place is not None else (),
            links=tuple(self._links(folder, item=bool(item))),
            json_ld=said.json_ld,
        )
        return page, item

    def _datasets(self, folder: Folder) -> tuple[Dataset, ...]:
        """The data in a folder, looked into: of very many folders only the first, and always the first page's own."""
        if folder.path not in self._looked_into:
            return ()
        names = [entry.name for entry in folder.entries if not entry.folder]
        return datasets(self._store, f"{self._prefix}{folder.path}", names, zarr=folder.kind == ZARR)

    def _name(self, path: str) -> str:
        """The last folder of what the page is about."""
        key = f"{self._prefix}{path}".rstrip("/")
        return key.rpartition("/")[2] or self._store.place.bucket.rpartition(":")[2]

    def _trail(self, path: str) -> tuple[Crumb, ...]:
        parts = path.split("/")[:-1]
        up = [f"{'../' * (len(parts) - n)}{PAGE}" for n in range(len(parts))]
        names = [self._title or self._name(""), *parts]
        return tuple(map(Crumb, names, [*up, ""]))

    def _found(self, folder: Folder) -> Found:
        there = {entry.name.lower(): entry for entry in folder.entries}
        name, text = "README.md", self._readme if not folder.path else None
        if text is None:
            entry = next((there[name] for name in _READMES if name in there), None)
            name, text = entry.name if entry else name, self._read(folder, entry, LARGEST)
        cff = self._read(folder, there.get(CFF.lower()), citation.LARGEST)
        return Found(self._datasets(folder), text, name, cff)

    def _read(self, folder: Folder, entry: Entry | None, largest: int) -> bytes:
        """A small object; b"" where it is none."""
        if entry is None or entry.size > largest:
            return b""
        sink = BytesSink()
        self._store.get(f"{self._prefix}{folder.path}{entry.name}", sink)
        return bytes(sink.data)

    def search(self) -> bytes:
        """The page on which the catalogue is searched."""
        return render_search(self._title or self._name(""))

    def _links(self, folder: Folder, *, item: bool) -> Iterator[Link]:
        if self._searched and not folder.path:
            yield Link("Search by metadata", f"./{FINDER}", "search", "text/html")
        if self._manifest:
            up = "../" * folder.depth or "./"
            yield Link(MANIFEST, f"{up}{MANIFEST}")
        if item:
            yield Link("STAC item", f"./{ITEM}", "item", "application/geo+json")


def left_out() -> str:
    """What pages lack because libraries of the extra ``publish`` are not installed, as a sentence; "" for nothing."""
    needed = {
        "READMEs are shown as plain text": ("markdown_it", "nh3"),
        "Zarr has no picture and no extent": ("zarr", "PIL"),
        "NetCDF 4 is not looked into": ("h5netcdf",),
    }
    lacking = [what for what, libraries in needed.items() if not all(map(installed, libraries))]
    return f"{', '.join(lacking)}: for that, pip install 'jsobj[publish]'" if lacking else ""


def _has_data(folder: Folder) -> bool:
    return folder.kind == ZARR or any(is_netcdf(entry.name) for entry in folder.entries)
