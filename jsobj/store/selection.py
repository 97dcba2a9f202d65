"""What a key that was typed means in a bucket: one object, what is below a folder, or what matches a pattern.

The same for every command: the object, or else the folder, whose name is exactly what was typed comes first, so that
names with wildcards in them stay within reach; only then is a pattern a pattern (:mod:`jsobj.store.patterns`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.location import first_of, nothing_at, object_at
from jsobj.store.objects import Store
from jsobj.store.patterns import compiled, fixed_part, is_pattern
from jsobj.store.values import Listed


@dataclass(frozen=True, slots=True)
class Selection:
    """``key`` as it was typed. ``found``: the object of exactly that name; ``pattern``: whether it is a pattern."""

    store: Store
    key: str
    found: Listed | None = None
    pattern: bool = False

    @property
    def fixed(self) -> str:
        """What all keys of a pattern begin with."""
        return fixed_part(self.key)

    @property
    def base(self) -> str:
        """What the names of matches leave out: the folders before the first wildcard; of an object, those above it."""
        fixed = self.fixed if self.pattern else self.key
        return fixed[: fixed.rfind("/") + 1]

    @property
    def _folder(self) -> str:
        return self.key if not self.key or self.key.endswith("/") else f"{self.key}/"

    @property
    def wanted(self) -> re.Pattern[str]:
        """Of a pattern: the keys that match, or are below a folder that does."""
        return compiled([f"{self.key}**"] if self.key.endswith("/") else [self.key, f"{self.key}/**"])

    @property
    def root(self) -> str:
        """What the keys of :meth:`everything` leave out: the folder that was typed, else as for :attr:`base`."""
        return self.base if self.pattern or self.found else self._folder

    def everything(self, *, after: str = "") -> Iterator[Listed]:
        """All objects that are meant, with those below folders, in the order of their keys; of those behind ``after``
        where it is the name of something below.
        """
        if not self.pattern:
            below = self.store.list(self._folder, after=after)
            return below if self.found is None or after else chain((self.found,), below)
        wanted = self.wanted
        return (item for item in self.store.list(self.fixed, after=after) if wanted.fullmatch(item.key))

    def names(self) -> Iterator[Listed]:
        """The object, or what is in the folder, or the objects and (as ``prefix`` lines) folders that match."""
        if self.found is not None:
            return iter((self.found,))
        if not self.pattern:
            return self.store.list(self._folder, delimiter="/")
        return self._matching()

    def _matching(self) -> Iterator[Listed]:
        rest = self.key[len(self.base) :].removesuffix("/")
        flat = "/" not in rest and "**" not in rest  # names of one folder: what is below its folders is not listed
        folders_only = self.key.endswith("/")
        wanted = compiled([self.key.removesuffix("/")])
        last = ""
        for item in self.store.list(self.fixed, delimiter="/" if flat else ""):
            if not item.prefix and not folders_only and wanted.fullmatch(item.key):
                yield item
            elif not last or not item.key.startswith(last):
                folder = _first_folder(item.key, len(self.base), wanted)
                if folder:
                    last = folder
                    yield Listed(folder, prefix=True)

    def nothing(self) -> JsobjError:
        """The error for a place where there is nothing."""
        if not self.pattern:
            return nothing_at(self.store, self.key)
        place = self.store.place
        return JsobjError(
            "nothing-matches",
            f"nothing matches {place.url(self.key)}",
            code=ExitCode.NOT_FOUND,
            hint=f"see what is there: jsobj ls {shlex.quote(place.url(self.base))}{place.at}",
        )


def named_objects(store: Store, key: str, left: Callable[[str], object]) -> Iterator[str]:
    """The key that was typed, or, of a pattern, those of the objects that match; ``left`` gets URLs of folders that do.

    A key that is no pattern is not looked for. Raises not found where no object matches.
    """
    if not is_pattern(key) or not (chosen := select(store, key)).pattern:
        yield key
        return
    folders = objects = False
    for item in chosen.names():
        if item.prefix:
            folders = True
            left(store.place.url(item.key))
        else:
            objects = True
            yield item.key
    if not objects:
        raise _only_folders(store, key) if folders else chosen.nothing()


def _only_folders(store: Store, key: str) -> JsobjError:
    url = store.place.url(key)
    hint = f"see what is in them: jsobj ls -r {shlex.quote(url)}{store.place.at}"
    return JsobjError("object-is-prefix", f"only folders match {url}", code=ExitCode.NOT_FOUND, hint=hint)


def select(store: Store, key: str) -> Selection:
    """What ``key`` means; whether there is anything is not looked at. Raises bucket not found, usage (bad pattern)."""
    if key and not key.endswith("/") and (found := object_at(store, key)) is not None:
        return Selection(store, key, found)
    if not is_pattern(key):
        return Selection(store, key)
    compiled([key])  # raises for an invalid pattern
    literal = first_of(store.list(key if key.endswith("/") else f"{key}/"))
    return Selection(store, key, pattern=literal is None)


def _first_folder(key: str, start: int, wanted: re.Pattern[str]) -> str:
    """The uppermost folder above ``key`` that matches, with its slash; "" where none does."""
    slash = key.find("/", start)
    while slash >= 0:
        if wanted.fullmatch(key, 0, slash):
            return key[: slash + 1]
        slash = key.find("/", slash + 1)
    return ""
