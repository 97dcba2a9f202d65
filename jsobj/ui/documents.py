"""The result of a command, independent of its format: one thing or a list of things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Record:
    """One thing. ``data`` is the JSON document (without its schema); ``lines`` are (label, value) for people."""

    schema: str
    data: Mapping[str, object]
    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of things. ``columns`` are (key, heading); ``shown`` are the same items as texts for people, by key.

    ``empty`` is shown instead of an empty table.
    """

    schema: str
    items: Sequence[Mapping[str, object]]
    columns: Sequence[tuple[str, str]]
    shown: Sequence[Mapping[str, str]]
    empty: str


@dataclass(frozen=True, slots=True)
class Stream(Generic[T]):
    """A list that is too long to hold, written item by item. ``as_line`` is for terminals and pipes.

    As JSON it is the same document as a :class:`Listing`. After an error it is left without its end, so that it does
    not parse.
    """

    schema: str
    items: Iterable[T]
    as_data: Callable[[T], Mapping[str, object]]
    as_line: Callable[[T], str]
