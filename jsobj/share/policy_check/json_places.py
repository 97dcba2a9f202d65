"""JSON with the place of every value, for findings that name line and column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLANK = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column of a document, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """One value. ``pairs`` of an object in their order, ``parts`` of an array, ``value`` of anything else.

    ``kind``: ``object``, ``array``, ``string``, ``number``, ``true``, ``false`` or ``null``.
    """

    kind: str
    place: Place
    value: object = None
    pairs: tuple[tuple[Node, Node], ...] = ()
    parts: tuple[Node, ...] = ()

    @property
    def text(self) -> str:
        """The text of a string or a number; "" for anything else."""
        return self.value if isinstance(self.value, str) else ""

    def get(self, name: str) -> Node | None:
        """The last value of this name in an object."""
        return next((value for key, value in reversed(self.pairs) if key.text == name), None)

    @property
    def each(self) -> tuple[Node, ...]:
        """One value, or those of an array."""
        return self.parts if self.kind == "array" else (self,)

    def walk(self) -> Iterator[Node]:
        """This one and all that is in it."""
        yield self
        for inner in (*self.parts, *(value for _, value in self.pairs)):
            yield from inner.walk()


class JsonFault(Exception):
    """The text is no JSON. ``place``: where it stops to be."""

    def __init__(self, reason: str, place: Place) -> None:
        super().__init__(reason)
        self.place = place


def read(text: str) -> Node:
    """The value of a JSON document. Raises :class:`JsonFault`."""
    reader = _Reader(text)
    node, end = reader.value(reader.skip(0), 0)
    if (end := reader.skip(end)) != len(text):
        raise reader.fault("something follows the end of the document", end)
    return node


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0, *(found.end() for found in re.finditer(r"\n", text))]

    def skip(self, at: int) -> int:
        """Past blanks."""
        found = _BLANK.match(self._text, at)
        assert found is not None
        return found.end()

    def place(self, at: int) -> Place:
        low, high = 0, len(self._lines)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._lines[middle] <= at else (low, middle)
        return Place(low + 1, at - self._lines[low] + 1)

    def fault(self, reason: str, at: int) -> JsonFault:
        return JsonFault(reason, self.place(at))

    def value(self, at: int, depth: int) -> tuple[Node, int]:
        """The value that begins at a position, and the position behind it."""
        if depth > _DEEPEST:
            raise self.fault("it is nested too deeply", at)
        char = self._text[at : at + 1]
        if char == "{":
            return self._object(at, depth)
        if char == "[":
            return self._array(at, depth)
        if char == '"':
            text, end = self._string(at)
            return Node("string", self.place(at), text), end
        for word, value in _WORDS.items():
            if self._text.startswith(word, at):
                return Node(word, self.place(at), value), at + len(word)
        if number := _NUMBER.match(self._text, at):
            return Node("number", self.place(at), number.group()), number.end()
        if self._text.startswith(("//", "/*"), at):
            raise self.fault("a comment, which JSON has not", at)
        raise self.fault("the text ends before its value" if not char else "no value begins like this", at)

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, end = json.JSONDecoder().raw_decode(self._text, at)
        except ValueError as error:
            position = error.pos if isinstance(error, json.JSONDecodeError) else at
            raise self.fault("a text in quotes that does not end, or holds what must be escaped", position) from error
        return str(text), end

    def _object(self, at: int, depth: int) -> tuple[Node, int]:
        pairs: list[tuple[Node, Node]] = []
        here = self.skip(at + 1)
        if self._text.startswith("}", here):
            return Node("object", self.place(at)), here + 1
        while True:
            if not self._text.startswith('"', here):
                raise self.fault('a name in quotes ("...") must come here', here)
            name, end = self._string(here)
            key = Node("string", self.place(here), name)
            end = self.skip(end)
            if not self._text.startswith(":", end):
                raise self.fault("a colon must come here", end)
            value, end = self.value(self.skip(end + 1), depth + 1)
            pairs.append((key, value))
            here, done = self._next(end, "}")
            if done:
                return Node("object", self.place(at), pairs=tuple(pairs)), here

    def _array(self, at: int, depth: int) -> tuple[Node, int]:
        parts: list[Node] = []
        here = self.skip(at + 1)
        if self._text.startswith("]", here):
            return Node("array", self.place(at)), here + 1
        while True:
            value, end = self.value(here, depth + 1)
            parts.append(value)
            here, done = self._next(end, "]")
            if done:
                return Node("array", self.place(at), parts=tuple(parts)), here

    def _next(self, at: int, end: str) -> tuple[int, bool]:
        """Past the comma, or past the end."""
        at = self.skip(at)
        if self._text.startswith(end, at):
            return at + 1, True
        if not self._text.startswith(",", at):
            raise self.fault(f"a comma or '{end}' must come here", at)
        here = self.skip(at + 1)
        if self._text.startswith(end, here):
            raise self.fault(f"a comma with nothing behind it before '{end}'", at)
        return here, False
