"""From contents to a :class:`jsobj.publish.dataset.Dataset`: dimensions, coordinates, extent, picture, notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from jsobj.publish.dataset import Dataset, Dimension, Extent, Picture, Variable
from jsobj.publish.inspect import cf
from jsobj.publish.inspect.bounded import TooMuch
from jsobj.publish.inspect.contents import Array, Contents, Unreadable, Values, in_words, shown
from jsobj.publish.inspect.depict import depict

_PIECES = 16  # of a coordinate that is read whole; of a longer one the first and the last
_COORDINATE = 16 * 1024**2  # bytes, likewise
_MOST_VARIABLES = 500


@dataclass(frozen=True, slots=True)
class Coordinate:
    """``values``: decoded, of its whole length, or only the ends. ``texts``: of a time, in ISO 8601."""

    array: Array
    kind: str
    values: Any
    whole: bool
    texts: tuple[str, ...] = ()


def described(contents: Contents, values: Values | None, place: str, *, picture: bool = True) -> Dataset:
    """What is shown. ``values``: None where no library can read them: then there is neither extent nor picture."""
    notes = list(contents.notes)
    arrays = contents.arrays[:_MOST_VARIABLES]
    if len(contents.arrays) > len(arrays):
        notes.append(f"{len(contents.arrays) - len(arrays)} variables more are not shown")
    named = cf.coordinates(arrays, in_words(contents.attributes.get("coordinates", "")))
    found: dict[str, Coordinate] = {}
    drawn: Picture | None = None
    if values is not None:
        found = _coordinates(arrays, named, values, notes)
        drawn = _picture(arrays, named, found, values, notes) if picture else None
    attributes = shown(contents.attributes)
    title = next((text for name, text in attributes if name.lower() in {"title", "name"} and text), "")
    return Dataset(
        contents.kind,
        place,
        title.strip()[:300],
        tuple(_dimensions(contents.sizes, arrays, found)),
        tuple(_variable(array, array.name in named) for array in arrays),
        attributes,
        contents.groups,
        _extent(found.values()),
        drawn,
        tuple(dict.fromkeys(notes)),
    )


def _variable(array: Array, coordinate: bool) -> Variable:
    return Variable(
        array.name,
        array.dimensions,
        array.shape,
        array.dtype,
        array.chunks,
        shown(array.attributes),
        coordinate,
        array.codec,
        array.shards,
    )


def _coordinates(arrays: Any, named: set[str], values: Values, notes: list[str]) -> dict[str, Coordinate]:
    """The coordinates that tell where and when, or along what a dimension runs, by their paths."""
    found = {}
    for array in arrays:
        if array.name not in named or not array.numeric or 0 in array.shape:
            continue
        kind = cf.kind_of(array)
        if not cf.is_axis(array) and not (kind == "time" or cf.is_latitude(array) or cf.is_longitude(array)):
            continue
        if "bnds" in array.name or "bounds" in array.name:
            continue
        try:
            read, whole = _read(array, values)
            texts = tuple(cf.times(array, read)) if kind == "time" else ()
            found[array.name] = Coordinate(array, kind, cf.decoded(array, read), whole, texts)
        except (Unreadable, TooMuch) as reason:
            notes.append(f"the coordinate '{array.name}' was not read: {reason}")
    return found


def _read(array: Array, values: Values) -> tuple[Any, bool]:
    """All values where they are few; of a long coordinate, which is monotonic, the first and the last."""
    import numpy as np

    everything = tuple(slice(0, size) for size in array.shape)
    pieces, size = array.cost(everything)
    if pieces <= _PIECES and size <= _COORDINATE:
        return values.read(array, everything), True
    if not cf.is_axis(array):
        raise Unreadable("it is in too many pieces" if pieces > _PIECES else "it is too large")
    last = array.shape[0]
    return np.concatenate([values.read(array, (slice(0, 1),)), values.read(array, (slice(last - 1, last),))]), False


def _picture(
    arrays: Any, named: set[str], found: Mapping[str, Coordinate], values: Values, notes: list[str]
) -> Picture | None:
    candidates = [array for array in arrays if array.name not in named and array.numeric and array.shape]
    candidates = [array for array in candidates if 0 not in array.shape and max(array.shape) > 1]
    if not candidates:
        if any(array.name not in named for array in arrays):
            notes.append("there is no picture: no variable has numbers along a dimension")
        return None
    if find_spec("PIL") is None:
        return None
    return depict(candidates, found, values, notes)


def _dimensions(sizes: Mapping[str, int], arrays: Any, found: Mapping[str, Coordinate]) -> list[Dimension]:
    known = dict(sizes)
    for array in arrays:
        start = f"{array.group}/" if array.group else ""
        for name, size in zip(array.dimensions, array.shape, strict=False):
            if name and name not in sizes:
                # In a group a dimension may have its parent's name and another size.
                known.setdefault(name if known.get(name, size) == size else start + name, size)
    return [_dimension(name, size, found.get(name)) for name, size in known.items()]


def _dimension(name: str, size: int, coordinate: Coordinate | None) -> Dimension:
    if coordinate is None or coordinate.array.shape != (size,):
        return Dimension(name, size)
    least, largest = _ends(coordinate)
    return Dimension(name, size, coordinate.kind, cf.unit_of(coordinate.array), least, largest)


def _ends(coordinate: Coordinate) -> tuple[float | str | None, float | str | None]:
    """The least and the largest value that is not missing."""
    import numpy as np

    if coordinate.kind == "time":
        moments = sorted(text for text in coordinate.texts if text)
        return (moments[0], moments[-1]) if moments else (None, None)
    numbers = coordinate.values
    if numbers.dtype.kind in "mM":
        return None, None
    numbers = numbers[np.isfinite(numbers)]
    return (float(numbers.min()), float(numbers.max())) if numbers.size else (None, None)


def _extent(found: Any) -> Extent:
    lats: list[float] = []
    lons: list[float] = []
    moments: list[str] = []
    step = 0.0
    for coordinate in found:
        least, largest = _ends(coordinate)
        if isinstance(least, str) and isinstance(largest, str):
            moments += [least, largest]
        elif isinstance(least, float) and isinstance(largest, float):
            if cf.is_latitude(coordinate.array):
                lats += [least, largest]
            elif cf.is_longitude(coordinate.array):
                lons += [least, largest]
                count = coordinate.array.shape[-1]
                step = max(step, (largest - least) / (count - 1) if count > 1 else 0.0)
    box = None
    if lats and lons and min(lats) >= -90.001 and max(lats) <= 90.001 and min(lons) >= -360 and max(lons) <= 540:
        west, east = _around(min(lons), max(lons), step)
        box = (west, round(max(-90.0, min(lats)), 6), east, round(min(90.0, max(lats)), 6))
    start, end = (min(moments), max(moments)) if moments else ("", "")
    return Extent(box, start, end)


def _around(west: float, east: float, step: float) -> tuple[float, float]:
    """Longitudes as -180 to 180: all around where the last cell meets the first."""
    if east - west + step >= 360 - 1e-6:
        return -180.0, 180.0

    def wrapped(degrees: float) -> float:
        return round((degrees + 180) % 360 - 180, 6)

    if west >= -180 and east <= 180:
        return round(west, 6), round(east, 6)
    return wrapped(west), wrapped(east) if east % 360 != 180 else 180.0
