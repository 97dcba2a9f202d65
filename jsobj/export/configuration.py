"""What an export is made of: parts of files, each merged into an existing file in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from jsobj.secret import Secret

Word = str | Secret


def written(word: Word, escape: Callable[[str], str]) -> Word:
    """The word escaped for a file's format; a secret stays one."""
    return escape(word) if isinstance(word, str) else Secret(escape(word.reveal()))


@dataclass(frozen=True, slots=True)
class Section:
    """A section of an INI file. A value of ``pairs`` may be a block of values (``s3 =``, then indented lines).

    ``keys``: those of the pairs that identify a setup; another value there is another setup, which is not replaced
    without consent. ``unset``: keys of another kind of setup, which must not be beside these.
    """

    path: str
    header: str
    pairs: Mapping[str, Word | Mapping[str, str]]
    keys: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """An object inside a JSON document: at ``route``, with what must be around it in a new file."""

    path: str
    route: tuple[str, ...]
    pairs: Mapping[str, Word]
    around: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Variables:
    """Environment variables, written as ``sh``, ``dotenv`` or ``powershell`` writes them.

    ``unset``: variables that must not be set beside these (a .env file cannot say that)."""

    path: str
    pairs: Mapping[str, Word]
    style: str = "sh"
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that belongs to this export alone; ``pieces`` are its text, cut where secrets are."""

    path: str
    pieces: tuple[Word, ...]

    @property
    def pairs(self) -> Mapping[str, Word]:
        """No names are known in it."""
        return {}


@dataclass(frozen=True, slots=True)
class CloudEntry:
    """An entry of ``clouds.yaml``; ``pairs`` is its ``auth`` with the secret, ``settings`` what is beside that."""

    path: str
    name: str
    pairs: Mapping[str, Word]
    settings: Mapping[str, object]


Part = Section | Branch | Variables | Whole | CloudEntry


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a tool needs. Paths begin with ``~/``; "" where no file is the tool's own, so that ``--file`` names one.

    ``note``: what to know before using it; ``example``: a command that shows that it works.
    """

    parts: tuple[Part, ...]
    example: str
    note: str = ""

    @classmethod
    def of_text(cls, pieces: Iterable[Word], example: str, *notes: str) -> Configuration:
        """One text, for a file of the user's choice. Empty notes are left out."""
        return cls((Whole("", tuple(pieces)),), example, "; ".join(filter(None, notes)))

    @property
    def has_file(self) -> bool:
        """Whether every part has a place of its own."""
        return all(part.path for part in self.parts)

    def joined(self, other: Configuration) -> Configuration:
        """Both together; the example is the first one's."""
        notes = tuple(filter(None, dict.fromkeys((self.note, other.note))))
        return replace(self, parts=(*self.parts, *other.parts), note="; ".join(notes))
