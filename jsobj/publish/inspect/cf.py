"""The Climate and Forecast conventions, as far as a page needs them: which array is which axis, and what values mean.

Source: CF Conventions 1.11, sections 2.5.1 (missing data), 4.1-4.4 (latitude, longitude, vertical and time
coordinates), 5 (coordinate systems), 8.1 (packed data).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from jsobj.publish.inspect.contents import Array, Unreadable
from jsobj.units import utc_time

_NORTH = frozenset({"degrees_north", "degree_north", "degree_n", "degrees_n", "degreen", "degreesn"})
_EAST = frozenset({"degrees_east", "degree_east", "degree_e", "degrees_e", "degreee", "degreese"})
_X = frozenset({"longitude", "projection_x_coordinate", "grid_longitude"})
_Y = frozenset({"latitude", "projection_y_coordinate", "grid_latitude"})
_Z = frozenset({"height", "altitude", "depth", "air_pressure", "model_level_number"})
_STANDARD = frozenset({"", "standard", "gregorian", "proleptic_gregorian"})
_SINCE = re.compile(r"\s*(\w+)\s+since\s+(\S.*?)\s*", re.IGNORECASE)
_EPOCH = re.compile(
    r"(\d{1,4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.\d*)?)?)?)?"
    r"\s*(?:Z|UTC|GMT|[+-]?0?0(?::?00)?)?"
)
_SECONDS = {
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("ns", "nanosecond", "nanoseconds"), 1e-9),
}
_REFERENCES = ("coordinates", "bounds", "climatology", "grid_mapping", "ancillary_variables", "cell_measures")


def kind_of(array: Array) -> str:
    """``x``, ``y``, ``z``, ``time`` or "", from units, standard name and axis; last of all from the name."""
    unit, standard, axis = array.text("units").lower(), array.text("standard_name"), array.text("axis").upper()
    if is_latitude(array) or standard in _Y or axis == "Y":
        return "y"
    if is_longitude(array) or standard in _X or axis == "X":
        return "x"
    if array.dtype.startswith("datetime64") or _SINCE.fullmatch(unit) or standard == "time" or axis == "T":
        return "time"
    if standard in _Z or axis == "Z" or array.text("positive"):
        return "z"
    name = array.name.rpartition("/")[2].lower()
    return {"x": "x", "y": "y", "time": "time"}.get(name, "")


def is_latitude(array: Array) -> bool:
    """Whether its values are degrees north on the Earth."""
    return _degrees(array, _NORTH, "latitude", ("lat", "latitude"))


def is_longitude(array: Array) -> bool:
    """Whether its values are degrees east on the Earth."""
    return _degrees(array, _EAST, "longitude", ("lon", "longitude"))


def _degrees(array: Array, units: frozenset[str], standard: str, names: tuple[str, ...]) -> bool:
    unit = array.text("units").lower()
    if unit in units:
        return not array.text("standard_name").startswith("grid_")
    return unit in {"", "degrees", "degree"} and (
        array.text("standard_name") == standard
        or (not array.text("standard_name") and array.name.rpartition("/")[2].lower() in names)
    )


def coordinates(arrays: Iterable[Array], root: str) -> set[str]:
    """The names of arrays that are coordinates, or that others name as their bounds, mapping and the like.

    ``root``: the text of the dataset's own attribute ``coordinates``, in which xarray lists those of no variable.
    """
    arrays = tuple(arrays)
    known = {array.name for array in arrays}
    found = {each for each in root.split() if each in known}
    for array in arrays:
        if is_axis(array):
            found.add(array.name)
        start = f"{array.group}/" if array.group else ""
        for reference in _REFERENCES:
            found |= {start + word for word in array.text(reference).split() if start + word in known}
    return found


def is_axis(array: Array) -> bool:
    """Whether it is a coordinate variable: of one dimension, which has its name. It is monotonic by convention."""
    return len(array.dimensions) == 1 and array.dimensions[0] == array.name.rpartition("/")[2]


def decoded(array: Array, values: Any) -> Any:
    """Stored values as float64, NaN where they are missing, in the unit of the attribute ``units``."""
    import numpy as np

    if values.dtype.kind in "mM":
        return values
    if values.dtype.kind not in "biuf":
        raise Unreadable("its values are no numbers")
    result = values.astype(np.float64)
    missing = np.zeros(values.shape, bool)
    fills = [array.fill, *(array.attributes.get(name) for name in ("_FillValue", "missing_value"))]
    for fill in fills:
        for one in np.atleast_1d(fill) if isinstance(fill, int | float | list | np.ndarray | np.generic) else ():
            if isinstance(one, int | float | np.integer | np.floating):
                # A float that passed through JSON, or a file of single precision, is compared in the array's own type.
                missing |= values == (np.float32(one) if values.dtype == np.float32 else one)
    result[missing] = np.nan
    scale, offset = _factor(array, "scale_factor", 1.0), _factor(array, "add_offset", 0.0)
    return result if (scale, offset) == (1.0, 0.0) else result * scale + offset


def _factor(array: Array, name: str, otherwise: float) -> float:
    value = array.attributes.get(name)
    try:
        return otherwise if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise


def times(array: Array, values: Any) -> list[str]:
    """The values of a time coordinate in ISO 8601, UTC; "" for one that is missing.

    Raises :class:`Unreadable` for a calendar or unit that is none of those of the civil calendar.
    """
    import numpy as np

    if values.dtype.kind == "M":
        seconds = values.astype("datetime64[s]")
        return ["" if np.isnat(one) else f"{one}Z" for one in seconds.ravel()]
    calendar = array.text("calendar").lower()
    if calendar not in _STANDARD:
        raise Unreadable(f"its calendar is {calendar[:40]}")
    match = _SINCE.fullmatch(array.text("units"))
    epoch = _EPOCH.fullmatch(match[2]) if match else None
    step = _SECONDS.get(match[1].lower()) if match else None
    if epoch is None or step is None:
        raise Unreadable("its unit is not understood")
    try:
        year, month, day, *clock = (int(part or 0) for part in epoch.groups())
        start = datetime(year, month, day, tzinfo=timezone.utc) + _since_midnight(*clock)
        return [_moment(start, step, float(one)) for one in decoded(array, values).ravel()]
    except (ValueError, OverflowError) as error:
        raise Unreadable("it is no time of our era") from error


def _since_midnight(hours: int, minutes: int, seconds: int) -> timedelta:
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _moment(start: datetime, step: float, number: float) -> str:
    if number != number:
        return ""
    moment = start + timedelta(microseconds=round(number * step * 1e6))
    return utc_time(moment + timedelta(microseconds=500_000)) if moment.microsecond else utc_time(moment)


def unit_of(array: Array) -> str:
    """Its unit as it is shown; "" for none or ``1``."""
    unit = array.text("units")
    return "" if unit in {"1", "-"} or _SINCE.fullmatch(unit) else unit
