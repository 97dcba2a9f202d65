"""What an array dataset is, as frozen values: all that a page, a citation and a STAC item say of it.

Every text in it was written by others: whoever shows one escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass

Attributes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension and what its coordinate says. ``size`` in elements.

    ``kind``: ``x`` (longitude or easting), ``y``, ``z``, ``time`` or "". ``unit``: as the coordinate has it.
    ``least``, ``largest``: of the coordinate's values, in its unit, or in ISO 8601 for a time; None where they were not
    read or are no numbers.
    """

    name: str
    size: int
    kind: str = ""
    unit: str = ""
    least: float | str | None = None
    largest: float | str | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """An array. ``name``: its path in the dataset, groups divided by slashes, such as ``ocean/sst``.

    ``shape`` and ``chunks`` in elements, ``chunks`` None where it is stored in one piece; ``shards``: the pieces in
    which chunks are kept together, None for none. ``dimensions``: names, as many as ``shape`` has sizes. ``dtype``: in
    words such as ``float32``. ``coordinate``: whether its values are places along a dimension. ``codec``: how chunks
    are compressed, such as ``blosc (zstd)``, "" for not.
    """

    name: str
    dimensions: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    dtype: str = ""
    chunks: tuple[int, ...] | None = None
    attributes: Attributes = ()
    coordinate: bool = False
    codec: str = ""
    shards: tuple[int, ...] | None = None

    def attribute(self, *names: str) -> str:
        """The first of these attributes that it has; "" for none."""
        return first_of(self.attributes, *names)


@dataclass(frozen=True, slots=True)
class Extent:
    """Where and when. ``box``: west, south, east and north in degrees (WGS 84), None where it is not known.

    West may be larger than east, across the antimeridian. ``start``, ``end``: ISO 8601 in UTC, "" where not known.
    """

    box: tuple[float, float, float, float] | None = None
    start: str = ""
    end: str = ""

    @property
    def known(self) -> bool:
        """Whether anything is known."""
        return self.box is not None or bool(self.start)


@dataclass(frozen=True, slots=True)
class Picture:
    """``data``: a PNG of ``width`` x ``height`` pixels. ``shows``: in words, with units and range, for the blind."""

    data: bytes
    width: int
    height: int
    shows: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """``kind``: in words, such as ``Zarr 3`` or ``NetCDF 4``. ``place``: its key below the page's prefix, "" for all.

    ``groups``: paths of the groups below the root. ``notes``: what could not be shown and why, each a sentence.
    """

    kind: str
    place: str = ""
    title: str = ""
    dimensions: tuple[Dimension, ...] = ()
    variables: tuple[Variable, ...] = ()
    attributes: Attributes = ()
    groups: tuple[str, ...] = ()
    extent: Extent = Extent()
    picture: Picture | None = None
    notes: tuple[str, ...] = ()

    @property
    def coordinates(self) -> tuple[Variable, ...]:
        """The variables that are coordinates."""
        return tuple(variable for variable in self.variables if variable.coordinate)

    @property
    def measured(self) -> tuple[Variable, ...]:
        """The variables that are not."""
        return tuple(variable for variable in self.variables if not variable.coordinate)

    def attribute(self, *names: str) -> str:
        """The first of these attributes that it has; "" for none."""
        return first_of(self.attributes, *names)


def first_of(attributes: Attributes, *names: str) -> str:
    """The first of these attributes that is there and not empty; "" for none."""
    found = {name.lower(): text.strip() for name, text in reversed(attributes)}
    return next((found[name] for name in names if found.get(name)), "")
