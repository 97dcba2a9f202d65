"""What a command has to say, before anybody decides how it looks: one thing, or a list of things."""

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

    ``empty`` is said to people instead of an empty table.
    """

    schema: str
    items: Sequence[Mapping[str, object]]
    columns: Sequence[tuple[str, str]]
    shown: Sequence[Mapping[str, str]]
    empty: str


@dataclass(frozen=True, slots=True)
class Stream(Generic[T]):
    """A list too long to wait for, or to hold: written item by item. ``as_line`` is for people and pipes.

    As JSON it is the same document as a :class:`Listing`; one that ends early for an error is left without its end, so
    that no reader takes it for whole.
    """

    schema: str
    items: Iterable[T]
    as_data: Callable[[T], Mapping[str, object]]
    as_line: Callable[[T], str]
