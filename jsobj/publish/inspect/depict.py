"""The picture of a dataset: which variable, which part of it, and what is said of it in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jsobj.publish.dataset import Picture
from jsobj.publish.inspect import cf
from jsobj.publish.inspect.bounded import TooMuch
from jsobj.publish.inspect.contents import Array, Unreadable, Values, Window
from jsobj.publish.inspect.picture import Axis, colour_range, draw_line, draw_map

if TYPE_CHECKING:
    from jsobj.publish.inspect.describe import Coordinate

_LARGEST = 32 * 1024**2  # bytes that a picture's part of a variable may have unpacked
_PIECES = 512  # chunks, likewise
_TRIED = 5  # variables

Found = Mapping[str, "Coordinate"]


def depict(candidates: Sequence[Array], found: Found, values: Values, notes: list[str]) -> Picture | None:
    """Of the first variable that can be shown; those with two dimensions first. What cannot is noted."""
    reasons: list[str] = []
    flat = [array for array in candidates if sum(size > 1 for size in array.shape) >= 2]
    for array in [*flat, *(array for array in candidates if array not in flat)][:_TRIED]:
        try:
            return _picture(array, found, values)
        except (Unreadable, TooMuch) as reason:
            reasons.append(f"there is no picture of '{array.name}': {reason}")
    notes += reasons
    return None


def _picture(array: Array, found: Found, values: Values) -> Picture:
    import numpy as np

    rows, columns = _plane(array, found)
    for at in (0, 1):  # at the first place of the other dimensions, else in their middle
        window, cut = _window(array, rows, columns, middle=bool(at))
        numbers = cf.decoded(array, values.read(array, window))
        if numbers.dtype.kind in "mM":
            raise Unreadable("its values are times")
        shown = _laid(numbers, rows, columns)
        if np.isfinite(shown).any():
            break
    else:
        raise Unreadable("all values that were read are missing")
    across = _axis(array, columns, window, found)
    at_words = _elsewhere(array, rows, columns, window, found)
    if rows is None:
        drawn = draw_line(shown, _title(array, at_words), cf.unit_of(array), across)
    else:
        up = _axis(array, rows, window, found)
        if _upside_down(array, rows, found, up):
            shown, up = shown[::-1], Axis(up.name, up.values[::-1], up.degrees, up.texts and up.texts[::-1])
        drawn = draw_map(shown, _title(array, at_words), cf.unit_of(array), across, up)
    words = _words(array, shown, rows, columns, at_words, cut)
    return Picture(drawn.data, drawn.width, drawn.height, words)


def _plane(array: Array, found: Found) -> tuple[int | None, int]:
    """The dimensions that go up and across: y and x where they are known, else the last two, or the only one."""
    kinds = [_kind(array, number, found) for number in range(len(array.shape))]
    long = [number for number, size in enumerate(array.shape) if size > 1]
    if "y" in kinds and "x" in kinds and {kinds.index("y"), kinds.index("x")} <= set(long):
        return kinds.index("y"), kinds.index("x")
    return (long[-2], long[-1]) if len(long) > 1 else (None, long[-1])


def coordinate_of(array: Array, number: int, found: Found) -> Coordinate | None:
    """The coordinate of a dimension, from the array's own group or the next one above that has it."""
    if number >= len(array.dimensions):
        return None
    name, group = array.dimensions[number], array.group
    while True:
        coordinate = found.get(f"{group}/{name}" if group else name)
        if coordinate is not None and coordinate.array.shape == (array.shape[number],):
            return coordinate
        if not group:
            return None
        group = group.rpartition("/")[0]


def _kind(array: Array, number: int, found: Found) -> str:
    coordinate = coordinate_of(array, number, found)
    if coordinate is not None:
        return coordinate.kind
    name = array.dimensions[number].lower() if number < len(array.dimensions) else ""
    return {"x": "x", "lon": "x", "longitude": "x", "y": "y", "lat": "y", "latitude": "y"}.get(name, "")


def _window(array: Array, rows: int | None, columns: int, *, middle: bool) -> tuple[Window, bool]:
    """What is read, and whether it is only a part: as much from the middle as the limits allow."""
    shape = array.shape
    spans = [slice(size // 2, size // 2 + 1) if middle else slice(0, 1) for size in shape]
    open_ones = [number for number in (rows, columns) if number is not None]
    for number in open_ones:
        spans[number] = slice(0, shape[number])
    cut = False
    pieces = array.pieces or shape
    while True:
        count, size = array.cost(tuple(spans))
        if count <= _PIECES and size <= _LARGEST:
            return tuple(spans), cut
        cut = True
        wide = max(open_ones, key=lambda n: -(-(spans[n].stop - spans[n].start) // pieces[n]))
        length = spans[wide].stop - spans[wide].start
        if length <= pieces[wide]:
            raise TooMuch("the chunks are too large")
        length = max(pieces[wide], (length // 2 // pieces[wide]) * pieces[wide])
        start = max(0, (shape[wide] - length) // 2 // pieces[wide] * pieces[wide])
        spans[wide] = slice(start, min(shape[wide], start + length))


def _laid(numbers: Any, rows: int | None, columns: int) -> Any:
    """The window with only the dimensions that are shown, rows first."""
    if rows is None:
        return numbers.reshape(-1)
    others = tuple(number for number in range(numbers.ndim) if number not in (rows, columns))
    flat = numbers.transpose(rows, columns, *others)
    return flat.reshape(flat.shape[:2])


def _axis(array: Array, number: int, window: Window, found: Found) -> Axis:
    import numpy as np

    part = window[number]
    name = array.dimensions[number] if number < len(array.dimensions) else ""
    coordinate = coordinate_of(array, number, found)
    if coordinate is not None and coordinate.whole:
        if coordinate.kind == "time":
            texts = (coordinate.texts[part.start], coordinate.texts[part.stop - 1])
            return Axis(name, np.arange(part.start, part.stop), texts=(_short(texts[0]), _short(texts[1])))
        places = coordinate.values
        if places.dtype.kind == "f" and _monotonic(places):
            degrees = cf.is_latitude(coordinate.array) or cf.is_longitude(coordinate.array)
            unit = cf.unit_of(coordinate.array)
            return Axis(f"{name} ({unit})" if unit and not degrees else name, places[part], degrees)
    return Axis(name, np.arange(part.start, part.stop, dtype=float))


def _monotonic(places: Any) -> bool:
    import numpy as np

    steps = np.diff(places)
    return bool(np.isfinite(places).all() and ((steps > 0).all() or (steps < 0).all()))


def _upside_down(array: Array, rows: int, found: Found, up: Axis) -> bool:
    """Whether the first row belongs to the bottom: north is up, and so is what is high."""
    coordinate = coordinate_of(array, rows, found)
    if coordinate is None or coordinate.kind not in {"y", "z"} or len(up.values) < 2:
        return False
    ascending = bool(up.values[-1] > up.values[0])
    down = coordinate.kind == "z" and coordinate.array.text("positive").lower() == "down"
    return ascending is not down


def _elsewhere(array: Array, rows: int | None, columns: int, window: Window, found: Found) -> str:
    """Where it is along the other dimensions, in words; "" for nowhere in particular."""
    words = []
    for number, part in enumerate(window):
        if number in (rows, columns) or array.shape[number] == 1:
            continue
        name = array.dimensions[number] if number < len(array.dimensions) else f"dimension {number + 1}"
        coordinate = coordinate_of(array, number, found)
        place = f"[{part.start}]"
        if coordinate is not None and (coordinate.whole or part.start == 0):
            text = coordinate.texts[part.start] if coordinate.texts else ""
            place = f" {_short(text)}" if text else f" {float(coordinate.values[part.start]):g}"
        words.append(f"{name}{place}")
    return ", ".join(words)


def _short(moment: str) -> str:
    return moment.removesuffix("T00:00:00Z").removesuffix(":00Z").replace("T", " ")


def _title(array: Array, at: str) -> str:
    name = array.text("long_name") or array.text("standard_name").replace("_", " ") or array.name
    return f"{name}, {at}" if at else name


def _words(array: Array, shown: Any, rows: int | None, columns: int, at: str, cut: bool) -> str:
    import numpy as np

    finite = shown[np.isfinite(shown)]
    unit = cf.unit_of(array)
    least, largest = float(finite.min()), float(finite.max())
    long = array.text("long_name") or array.text("standard_name").replace("_", " ")
    names = [array.dimensions[n] if n < len(array.dimensions) else f"dimension {n + 1}" for n in (columns, rows or 0)]
    what = f"{'Line' if rows is None else 'Map'} of {array.name}{f' ({long})' if long and long != array.name else ''}"
    axes = f"over {names[0]}" if rows is None else f"{names[0]} across, {names[1]} up"
    sentences = [
        f"{what}{f' at {at}' if at else ''}{', a part from the middle' if cut else ''}: {axes}",
        f"values from {least:.6g} to {largest:.6g}{f' {unit}' if unit else ''}",
    ]
    if rows is not None:
        low, high = colour_range(shown)
        if (low, high) != (least, largest):
            sentences.append(f"the colours run from {low:.6g} to {high:.6g}")
    gone = 1 - finite.size / shown.size
    if gone:
        sentences.append(f"{max(1, round(gone * 100)) if gone < 0.99 else 99} % missing, grey")
    return "; ".join(sentences)
