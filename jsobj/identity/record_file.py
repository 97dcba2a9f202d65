"""A private JSON file of frozen records: read whole, changed under a lock, and never overwritten where it cannot be
read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from jsobj.atomic import edit_private_file
from jsobj.errors import ExitCode, JsobjError

Book = TypeVar("Book")
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, by the reference of its error."""

    reference: str

    def error(self, sentence: str, hint: str = "") -> JsobjError:
        """The error (local)."""
        return JsobjError(self.reference, sentence, code=ExitCode.LOCAL, hint=hint)


@dataclass(frozen=True, slots=True)
class RecordFile(Generic[Book]):
    """One file. ``empty``: what holds where there is none yet; ``decode``: from its document, which may raise what
    fields that are missing, of another type or unknown raise. ``hint``: what to do about a file that is damaged.

    What is kept is the dataclass ``Book``, by its fields. Raises :class:`JsobjError` (local).
    """

    path: Path
    schema: str
    empty: Book
    decode: Callable[[Mapping[str, Any]], Book]
    hint: str
    unreadable: Fault
    version: Fault
    damaged: Fault

    def read(self) -> Book:
        """What is in it."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return self.empty
        except OSError as error:
            raise self.unreadable.error(f"{self.path} cannot be read: {error.strerror}") from error
        return self.understood(data)

    def update(self, change: Callable[[Book], Book]) -> Book:
        """Read, change and write it under its lock; what is in it then."""
        result: list[Book] = []

        def edit(old: bytes | None) -> bytes:
            new = change(self.empty if old is None else self.understood(old))
            result[:] = [new]
            return self.text(new)

        edit_private_file(self.path, edit)
        return result[0]

    def text(self, book: Book) -> bytes:
        """What is written for it."""
        document = {"schema": self.schema, **dataclasses.asdict(book)}  # type: ignore[call-overload]  # it is a dataclass
        return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n"

    def understood(self, data: bytes) -> Book:
        """What these bytes of it mean."""
        try:
            document = json.loads(data)
            if (schema := document["schema"]) != self.schema:
                sentence = f"{self.path} is of version {schema!r}; this jsobj knows {self.schema}"
                raise self.version.error(sentence, self.hint)
            return self.decode(document)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self.damaged.error(f"{self.path} is damaged", self.hint) from error


def record_of(kind: Callable[..., Record], item: Mapping[str, Any], *, apart: str = "") -> Record:
    """A record all of whose fields are texts, but the one ``apart``.

    Names that this version does not know raise :class:`TypeError`: they would be lost at the next write.
    """
    if any(not isinstance(value, str) for name, value in item.items() if name != apart):
        raise TypeError("every field is a text")
    return kind(**item)
