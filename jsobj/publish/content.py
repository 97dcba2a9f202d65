"""What is on each page of a published prefix: entries, description, dataset, lines to copy, links."""

from __future__ import annotations

from jsobj.net.body import BytesSink
from jsobj.publish.entries import PAGE, Crumb, Entry, Link, Page
from jsobj.publish.lines import Published, ways
from jsobj.publish.markup import escaped
from jsobj.publish.tree import Folder
from jsobj.store.objects import Store
from jsobj.transfer.local.digest_list import MANIFEST

_READMES = ("readme.md", "readme.txt", "readme")  # the first of these that is there
_LARGEST = 1024**2  # bytes of a description


class Content:
    """Makes the values of pages. ``title``: of the first one, "" for its own; ``place``: None where nobody else reads.

    ``readme``: what will be the description of the first one, None for what is there.
    """

    def __init__(
        self, store: Store, prefix: str, title: str, place: Published | None, *, readme: bytes | None, manifest: bool
    ) -> None:
        self._store, self._prefix, self._title = store, prefix, title
        self._place, self._readme, self._manifest = place, readme, manifest

    def page(self, folder: Folder) -> Page:
        """Of one folder. Raises what the store raises."""
        return Page(
            self._title if self._title and not folder.path else self._name(folder.path),
            folder.entries,
            self._trail(folder.path),
            readme=self._description(folder),
            ways=ways(self._place, folder) if self._place is not None else (),
            links=tuple(self._links(folder)),
        )

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
            return described("readme.md", self._readme)
        there = {entry.name.lower(): entry for entry in folder.entries if entry.size <= _LARGEST}
        found = next((there[name] for name in _READMES if name in there), None)
        return described(found.name.lower(), self._read(folder, found)) if found is not None else ""

    def _read(self, folder: Folder, entry: Entry) -> bytes:
        sink = BytesSink()
        self._store.get(f"{self._prefix}{folder.path}{entry.name}", sink)
        return bytes(sink.data)

    def _links(self, folder: Folder) -> list[Link]:
        if not self._manifest:
            return []
        up = "../" * folder.depth or "./"
        return [Link(MANIFEST, f"{up}{MANIFEST}")]


def described(name: str, data: bytes) -> str:
    """A description as HTML that is safe."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    return f'<pre tabindex="0">{escaped(text)}</pre>' if text.strip() else ""
