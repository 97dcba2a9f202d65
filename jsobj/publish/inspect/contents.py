"""What was read of a dataset before it is understood: its arrays with their attributes, and a way to their values."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jsobj.publish.dataset import Attributes

_LONGEST = 4000  # characters of an attribute
_MOST = 200  # attributes of one thing
# They say how a file keeps its data, and nothing of the data.
_INTERNAL = frozenset(
    {"_ARRAY_DIMENSIONS", "_FillValue", "_NCProperties", "_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict"}
    | {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "DIMENSION_LABELS"}
)

Window = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class Array:
    """As :class:`jsobj.publish.dataset.Variable`, with ``attributes`` as they were stored.

    ``item``: bytes of an element; ``numeric``: whether its elements are numbers or times; ``pieces``: what has to be
    read and unpacked at once, in elements; ``fill``: the value that stands for a missing one, None for none.
    """

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    item: int = 8
    numeric: bool = True
    chunks: tuple[int, ...] | None = None
    shards: tuple[int, ...] | None = None
    pieces: tuple[int, ...] = ()
    codec: str = ""
    fill: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """An attribute, "" where it is none or no text."""
        value = self.attributes.get(name)
        return value.strip() if isinstance(value, str) else ""

    @property
    def group(self) -> str:
        """The path of the group that it is in; "" for the root."""
        return self.name.rpartition("/")[0]

    def cost(self, window: Window) -> tuple[int, int]:
        """How many pieces have to be read for a window, and how many bytes they are unpacked."""
        sizes = self.pieces or self.shape
        count = math.prod(
            (part.stop - 1) // size - part.start // size + 1
            for part, size in zip(window, sizes, strict=True)
            if part.stop > part.start and size
        )
        return count, count * math.prod(sizes) * self.item


@dataclass(frozen=True, slots=True)
class Contents:
    """A dataset's metadata. ``sizes``: of dimensions that the file declares; of others an array tells them."""

    kind: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    arrays: tuple[Array, ...] = ()
    groups: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Values(Protocol):
    """Where the values of arrays come from."""

    def read(self, array: Array, window: Window) -> Any:
        """The stored values, as a numpy array of the window's shape.

        Raises :class:`Unreadable`, :class:`jsobj.publish.inspect.bounded.TooMuch`, and what the store raises.
        """


class Unreadable(Exception):
    """Values cannot be read; the message is a part of a sentence that says why."""


def shown(attributes: Mapping[str, Any]) -> Attributes:
    """Attributes as texts, without those that only say how data are stored."""
    found = [(str(name), in_words(value)) for name, value in attributes.items() if name not in _INTERNAL]
    if len(found) > _MOST:
        found[_MOST:] = [("...", f"{len(found) - _MOST} attributes more")]
    return tuple(found)


def in_words(value: Any) -> str:
    """A value of an attribute as text: lists and objects as JSON, cut where it is long."""
    if isinstance(value, str):
        text = value
    else:
        try:
            text = json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            text = str(type(value).__name__)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
