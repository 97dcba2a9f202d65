"""Every kind of store in one HOME, as the source or the target of a copy; each judged by its own SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commands import Jsobj
from fault_proxy import FaultProxy
from store_witness import Witness

MIB = 1024**2
PART = 5 * MIB  # the smallest that S3 allows


@dataclass(frozen=True)
class End:
    """One store. ``url``: the beginning of its URLs; ``words``: of its login as a source, and ``dest`` as a target.

    ``digests``: whether it tells one of every object, so that damage on the way is found.
    """

    name: str
    url: str
    witness: Witness
    words: tuple[str, ...] = ()
    dest: tuple[str, ...] = ()
    digests: bool = True
    unseen: bool = False  # a server that says nothing of what is unfinished


@dataclass
class CopyScene:
    """``jsobj`` knows all ``ends`` by their names, and reaches those that are spoken to over http by a proxy each."""

    jsobj: Jsobj
    ends: Mapping[str, End]
    proxies: Mapping[str, FaultProxy]

    def words(self, source: str, target: str, key: str, new: str, *options: str) -> tuple[str, ...]:
        """The command that copies one object, or what is below a prefix."""
        one, other = self.ends[source], self.ends[target]
        login = (*one.words, *other.dest)
        if one.words == ("--profile", other.name) and not other.dest:
            login = ()
        return "cp", f"{one.url}{key}", f"{other.url}{new}", *login, "--part-size", "5M", *options

    def copy(self, source: str, target: str, key: str, new: str, *options: str, code: int = 0, **words: Any) -> Any:
        """Copy; the document of its summary, or of its error."""
        done = self.jsobj(*self.words(source, target, key, new, *options), "--json", code=code, **words)
        return done.json if done.out.strip() else done.error
