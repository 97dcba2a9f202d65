"""The XML of S3's and Azure's answers, read by expat into flat records.

What comes from a server may be hostile: a document type (and with it every entity), deep nesting, bad UTF-8 and the
wrong root are refused, and nothing is ever fetched. S3's own documents are shallow, declare nothing, and never nest one
record in another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote
from xml.parsers import expat  # nosec B407 - documents with a type or entities are refused

_DEEPEST = 20
_REFERENCE = re.compile(rb"&#[xX]?[0-9a-fA-F]{1,8};")
_BAD_REFERENCE = 14  # expat's code for a reference to a character that XML has not

Fields: TypeAlias = "dict[str, str]"


class XmlError(Exception):
    """This is not the document that was expected. The text says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """``fields``: text by tag, of elements outside any record; ``records``: (tag, text by tag) in their order.

    ``mended``: it named characters that XML has not, as Ceph RGW does when it repeats a name; each is a ``?`` now.
    """

    root: str
    fields: Mapping[str, str] = field(default_factory=dict)
    records: list[tuple[str, Fields]] = field(default_factory=list)
    mended: bool = False


class _Reader:
    """Handlers of one parse. The first text under a name counts, which is the record's own, not a deeper element's."""

    def __init__(self, roots: frozenset[str], records: frozenset[str], within: str) -> None:
        self.root = ""
        self.records: list[tuple[str, Fields]] = []
        self.fields: Fields = {}
        self._roots = roots
        self._kinds = records
        self._within = within
        self._level = 2  # the depth of records: 3 inside the element ``within``
        self._into = self.fields
        self._depth = 0
        self._text = ""
        self._quoted = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        depth = self._depth = self._depth + 1
        self._quoted = attributes.get("Encoded") == "true"
        self._text = ""
        if depth == 1:
            self.root = tag
            if tag not in self._roots:
                raise XmlError(f"its root is <{tag[:40]}>")
        elif depth == self._level:
            if tag in self._kinds:
                self._into = {}
                self.records.append((tag, self._into))
            elif depth == 2 and tag == self._within:
                self._level = 3
        elif depth > _DEEPEST:
            raise XmlError("its elements are nested too deeply")

    def end(self, tag: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if depth == self._level and tag in self._kinds:
            self._into = self.fields
        elif depth == 2 and tag == self._within:
            self._level = 2
        elif tag not in self._into:
            self._into[tag] = unquote(self._text, errors="surrogateescape") if self._quoted else self._text
        self._text = ""
        self._quoted = False

    def text(self, text: str) -> None:
        self._text += text

    def refuse(self, *anything: object) -> None:
        raise XmlError("it declares a document type")


def parse(body: bytes, roots: frozenset[str], records: frozenset[str] = frozenset(), *, within: str = "") -> Document:
    """The document in ``body``, whose root must be one of ``roots``.

    Each child of the root in ``records`` becomes a record of its own, and each child of the element ``within`` below
    the root. Text of an element with ``Encoded="true"`` is percent-decoded: so Azure sends names that have characters
    that XML has not. Raises :class:`XmlError`.
    """
    try:
        try:
            reader, mended = _read(body, roots, records, within), False
        except expat.ExpatError as error:
            if error.code != _BAD_REFERENCE:
                raise
            reader, mended = _read(_REFERENCE.sub(b"?", body), roots, records, within), True
    except expat.ExpatError as error:
        raise XmlError(f"it is no XML: {expat.ErrorString(error.code)}") from error
    return Document(reader.root, reader.fields, reader.records, mended)


def _read(body: bytes, roots: frozenset[str], records: frozenset[str], within: str) -> _Reader:
    reader = _Reader(roots, records, within)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True  # an element's text comes at once
    parser.buffer_size = 16384
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.Parse(body, True)
    return reader


@dataclass(frozen=True, slots=True)
class Element:
    """One element with what is in it, for documents that are changed and written again. Attributes are left out."""

    tag: str
    text: str = ""
    children: tuple[Element, ...] = ()

    def all(self, tag: str) -> tuple[Element, ...]:
        """The children of this name."""
        return tuple(each for each in self.children if each.tag == tag)

    def first(self, *path: str) -> Element | None:
        """The first child of the first name, of it the first child of the second ...; None where one is missing."""
        found: Element | None = self
        for tag in path:
            found = next(iter(found.all(tag)), None) if found is not None else None
        return found

    def text_at(self, *path: str) -> str:
        """The text at a path; "" where there is none."""
        found = self.first(*path)
        return found.text if found is not None else ""

    def write(self) -> str:
        """The element as XML, which reads as an equal one."""
        inner = "".join(each.write() for each in self.children) if self.children else escaped(self.text)
        return f"<{self.tag}>{inner}</{self.tag}>"


def element(body: bytes, root: str) -> Element:
    """The whole document, whose root must be ``root``. Raises :class:`XmlError`."""
    reader = _TreeReader(root)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise XmlError(f"it is no XML: {expat.ErrorString(error.code)}") from error
    return reader.done[0]


class _TreeReader:
    """Handlers of one parse into an :class:`Element`."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._open: list[tuple[str, list[Element], list[str]]] = []
        self.done: list[Element] = []

    def start(self, tag: str, attributes: object) -> None:
        if not self._open and tag != self._root:
            raise XmlError(f"its root is <{tag[:40]}>")
        if len(self._open) >= _DEEPEST:
            raise XmlError("its elements are nested too deeply")
        self._open.append((tag, [], []))

    def end(self, tag: str) -> None:
        _, children, texts = self._open.pop()
        made = Element(tag, "" if children else "".join(texts), tuple(children))
        (self._open[-1][1] if self._open else self.done).append(made)

    def text(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def refuse(self, *anything: object) -> None:
        raise XmlError("it declares a document type")


def escaped(text: str) -> str:
    """``text`` as content of an element."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def error_fields(body: bytes) -> Fields:
    """``Code``, ``Message`` and whatever else is in an ``<Error>`` document; {} if the body is not one."""
    if b"<Error" not in body:
        return {}
    try:
        return dict(parse(body.lstrip(), frozenset({"Error"})).fields)
    except XmlError:
        return {}
