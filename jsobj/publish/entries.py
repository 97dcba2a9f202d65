"""What is on a page, as frozen values: entries, the folders above, lines of code to copy, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from jsobj.transfer.local.key_path import FINDER as FINDER
from jsobj.transfer.local.key_path import ITEM as ITEM
from jsobj.transfer.local.key_path import PAGE as PAGE

WRITTEN = frozenset({PAGE, ITEM, FINDER})

_NUMBERS = re.compile(r"([0-9]+)")
_STEPS = frozenset({".", ".."})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list. ``name``: the key below the page's folder, a folder's ends in a slash.

    ``size`` in bytes and ``modified`` in seconds since 1970 (None: unknown); of a folder, of all that is below it, and
    ``objects`` is their number. ``md5``, ``sha256``: hexadecimal, "" where they are not known. ``url``: an absolute URL
    of its own, "" for a link relative to the page. ``kind``: what a folder is as a whole, such as ``Zarr``. ``page``:
    of a folder, whether it has a page that can be opened.
    """

    name: str
    size: int = 0
    modified: int | None = None
    md5: str = ""
    sha256: str = ""
    url: str = ""
    objects: int = 0
    kind: str = ""
    page: bool = True

    @property
    def folder(self) -> bool:
        """Whether it stands for what is below it."""
        return self.name.endswith("/")

    @property
    def href(self) -> str:
        """Where its link leads; "" where no browser can go there."""
        if self.url:
            return self.url
        if self.folder:
            return relative(f"{self.name}{PAGE}") if self.page else ""
        return relative(self.name)

    @property
    def order(self) -> tuple[object, ...]:
        """Folders first, then by name, numbers by their value, capital letters beside small ones."""
        parts = _NUMBERS.split(self.name.casefold())
        return (not self.folder, *((int(part), "") if n % 2 else (-1, part) for n, part in enumerate(parts)), self.name)


@dataclass(frozen=True, slots=True)
class Crumb:
    """A folder above the page. ``href``: its page, "" where it has none."""

    name: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Lines to copy. ``name``: of the library or program; ``needs``: what is to be installed, as one would type it."""

    name: str
    lines: str
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A document that belongs to the page. ``href`` is relative or absolute; ``rel``, ``type``: for machines."""

    text: str
    href: str
    rel: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """All that is shown. Texts are plain, except ``readme`` and ``dataset``: HTML that is safe already.

    ``trail``: the folders above and, last, this one. ``note``: a sentence below the title. ``json_ld``: a JSON document
    for search engines. ``listed``: whether search engines may list the page. ``names``: the heading of the list.
    ``about``: the last line.
    """

    title: str
    entries: tuple[Entry, ...] = ()
    trail: tuple[Crumb, ...] = ()
    note: str = ""
    readme: str = ""
    dataset: str = ""
    ways: tuple[Way, ...] = ()
    links: tuple[Link, ...] = ()
    json_ld: str = ""
    listed: bool = True
    names: str = "Files"
    about: str = "Made from the list of objects by jsobj publish."


def relative(name: str) -> str:
    """A link to what is below the page's folder; "" for a name with a step such as ``..``, which browsers take away.

    The beginning ``./`` keeps a colon in a name from being read as a scheme, and two slashes as a host.
    """
    return "" if _STEPS & set(name.split("/")) else f"./{quote(name)}"
