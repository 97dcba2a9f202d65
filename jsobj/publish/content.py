"""What is on each page of a published prefix: entries, description, dataset, lines to copy, links."""

from __future__ import annotations

from collections.abc import Iterable

from jsobj.net.body import BytesSink
from jsobj.publish.dataset import Dataset
from jsobj.publish.dataset_markup import section
from jsobj.publish.entries import PAGE, Crumb, Entry, Link, Page
from jsobj.publish.inspect.look import datasets, is_netcdf
from jsobj.publish.lines import Published, ways
from jsobj.publish.readme import LARGEST, rendered
from jsobj.publish.tree import ZARR, Folder
from jsobj.store.objects import Store
from jsobj.transfer.local.digest_list import MANIFEST

_READMES = ("readme.md", "readme.txt", "readme")  # the first of these that is there
_LOOKED_INTO = 100  # folders whose data are looked into, beside the first page's own


class Content:
    """Makes the values of pages. ``title``: of the first one, "" for its own; ``place``: None where nobody else reads.

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
        folders: Iterable[Folder],
    ) -> None:
        self._store, self._prefix, self._title = store, prefix, title
        self._place, self._readme, self._manifest = place, readme, manifest
        with_data = sorted(folder.path for folder in folders if folder.path and _has_data(folder))
        self._looked_into = {"", *with_data[:_LOOKED_INTO]}

    def page(self, folder: Folder) -> Page:
        """Of one folder. Raises what the store raises."""
        found = self._datasets(folder)
        title = found[0].title if len(found) == 1 and folder.kind == ZARR else ""
        return Page(
            (self._title if not folder.path else "") or title or self._name(folder.path),
            folder.entries,
            self._trail(folder.path),
            readme=self._description(folder),
            dataset=section(found),
            ways=ways(self._place, folder) if self._place is not None else (),
            links=tuple(self._links(folder)),
        )

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

    def _description(self, folder: Folder) -> str:
        if self._readme is not None and not folder.path:
            return rendered("readme.md", self._readme)
        there = {entry.name.lower(): entry for entry in folder.entries if entry.size <= LARGEST}
        found = next((there[name] for name in _READMES if name in there), None)
        return rendered(found.name, self._read(folder, found)) if found is not None else ""

    def _read(self, folder: Folder, entry: Entry) -> bytes:
        sink = BytesSink()
        self._store.get(f"{self._prefix}{folder.path}{entry.name}", sink)
        return bytes(sink.data)

    def _links(self, folder: Folder) -> list[Link]:
        if not self._manifest:
            return []
        up = "../" * folder.depth or "./"
        return [Link(MANIFEST, f"{up}{MANIFEST}")]


def _has_data(folder: Folder) -> bool:
    return folder.kind == ZARR or any(is_netcdf(entry.name) for entry in folder.entries)
