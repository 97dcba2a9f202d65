"""The result of a command, independent of its format: one thing or a list of things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def _itself(item: Any) -> Any:
    return item


@dataclass(frozen=True, slots=True)
class Record:
    """One thing. ``data`` is the JSON document (without its schema).

    ``lines``, for people: (label, value), or a text as it is.
    """

    schema: str
    data: Mapping[str, object]
    lines: Sequence[tuple[str, str]] | str


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list of things. ``as_data`` makes the JSON of one.

    ``columns``, for people: heading and a key of that JSON, or what makes the text. ``empty`` is shown instead of an
    empty table. ``narrow``: headings of columns that are cut on a terminal where a line is too long, the first one
    first; a pipe and JSON have all of it.
    """

    schema: str
    items: Sequence[T]
    columns: Mapping[str, str | Callable[[T], str]]
    as_data: Callable[[T], Mapping[str, object]] = _itself
    empty: str = ""
    narrow: Sequence[str] = ()

    def texts(self, item: T) -> list[str]:
        """One item for people, column by column."""
        data = self.as_data(item)
        return [_text(data[show]) if isinstance(show, str) else show(item) for show in self.columns.values()]


def _text(value: object) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Stream(Generic[T]):
    """A list that is too long to hold, written item by item. ``as_line`` is for terminals and pipes.

    As JSON it is the same document as a :class:`Listing`. After an error it is left without its end, so that it does
    not parse. ``end``: what is known after the last item, keys of the JSON document and a last line.
    """

    schema: str
    items: Iterable[T]
    as_data: Callable[[T], Mapping[str, object]]
    as_line: Callable[[T], str]
    end: Callable[[], tuple[Mapping[str, object], str]] | None = None
