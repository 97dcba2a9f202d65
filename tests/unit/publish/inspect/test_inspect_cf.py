"""What attributes of the CF conventions mean."""

from __future__ import annotations

from typing import Any

import pytest

from jsobj.publish.inspect import cf
from jsobj.publish.inspect.contents import Array, Unreadable

np = pytest.importorskip("numpy")


def array(name: str = "v", dimensions: tuple[str, ...] = ("v",), fill: Any = None, **attributes: Any) -> Array:
    return Array(name, dimensions, (3,) * len(dimensions), "float64", fill=fill, attributes=attributes)


@pytest.mark.parametrize(
    ("name", "attributes", "kind"),
    [
        ("a", {"units": "degrees_north"}, "y"),
        ("a", {"units": "degreeE"}, "x"),
        ("a", {"standard_name": "projection_x_coordinate", "units": "m"}, "x"),
        ("a", {"axis": "Y"}, "y"),
        ("a", {"units": "days since 2000-01-01"}, "time"),
        ("a", {"standard_name": "depth", "positive": "down"}, "z"),
        ("lat", {}, "y"),
        ("lon", {"units": "degrees"}, "x"),
        ("lat", {"units": "K"}, ""),
        ("a", {"units": 5}, ""),
        ("rlat", {"units": "degrees_north", "standard_name": "grid_latitude"}, "y"),
    ],
)
def test_which_axis(name: str, attributes: dict[str, Any], kind: str) -> None:
    assert cf.kind_of(array(name, **attributes)) == kind


def test_a_rotated_pole_is_no_place_on_the_earth() -> None:
    assert not cf.is_latitude(array("rlat", units="degrees_north", standard_name="grid_latitude"))
    assert not cf.is_latitude(array("rlat", units="degrees", standard_name="grid_latitude"))


def test_which_arrays_are_coordinates() -> None:
    arrays = [
        array("x", ("x",)),
        array("t", ("x", "y"), coordinates="lat lon", grid_mapping="crs"),
        array("lat", ("x", "y")),
        array("lon", ("x", "y"), bounds="lon_bnds"),
        array("lon_bnds", ("x", "y", "n")),
        array("crs", ()),
        array("g/u", ("x",), coordinates="lat h"),
        array("g/h", ("x",)),
        array("z"),
    ]
    assert cf.coordinates(arrays[:-1], "t2") == {"x", "lat", "lon", "lon_bnds", "crs", "g/h"}
    assert "t" in cf.coordinates(arrays, "t")


def test_packed_values_and_missing_ones() -> None:
    packed = array(fill=-32768, scale_factor=0.5, add_offset=10.0, missing_value=[-1, -2])
    found = cf.decoded(packed, np.array([0, 10, -32768, -1, -2], "i2"))
    assert list(found[:2]) == [10.0, 15.0]
    assert np.isnan(found[2:]).all()


def test_a_missing_value_of_single_precision() -> None:
    found = cf.decoded(array(_FillValue=9.96921e36), np.array([1.0, 9.96921e36], "f4"))
    assert found[0] == 1.0
    assert np.isnan(found[1])


@pytest.mark.parametrize("attributes", [{"scale_factor": "no"}, {"scale_factor": [1, 2]}, {"_FillValue": "x"}])
def test_attributes_that_are_no_numbers_count_as_none(attributes: dict[str, Any]) -> None:
    assert list(cf.decoded(array(**attributes), np.array([1, 2]))) == [1.0, 2.0]


def test_texts_are_no_values() -> None:
    with pytest.raises(Unreadable):
        cf.decoded(array(), np.array(["a"]))


@pytest.mark.parametrize(
    ("unit", "value", "moment"),
    [
        ("days since 1970-01-01", 365, "1971-01-01T00:00:00Z"),
        ("hours since 1900-01-01 00:00:0.0", 24.5, "1900-01-02T00:30:00Z"),
        ("seconds since 2000-01-01T12:00:00Z", -1, "2000-01-01T11:59:59Z"),
        ("Days Since 1800-1-1 00:00:00 UTC", 1, "1800-01-02T00:00:00Z"),
        ("milliseconds since 2020-02-28 00:00 +00:00", 86400000, "2020-02-29T00:00:00Z"),
    ],
)
def test_times(unit: str, value: float, moment: str) -> None:
    assert cf.times(array(units=unit), np.array([value])) == [moment]


def test_times_of_numpy() -> None:
    values = np.array(["2001-02-03T04:05:06", "NaT"], "datetime64[ns]")
    assert cf.times(array(), values) == ["2001-02-03T04:05:06Z", ""]


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"units": "days since 2000-01-01", "calendar": "noleap"}, "its calendar is noleap"),
        ({"units": "days since 2000-01-01", "calendar": "360_day"}, "its calendar is 360_day"),
        ({"units": "months since 2000-01-01"}, "its unit is not understood"),
        ({"units": "days since yesterday"}, "its unit is not understood"),
        ({"units": "days since 2000-01-01 00:00 +05:30"}, "its unit is not understood"),
        ({"units": "days since 2000-13-41"}, "it is no time of our era"),
        ({}, "its unit is not understood"),
    ],
)
def test_times_that_are_not_guessed(attributes: dict[str, str], why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        cf.times(array(**attributes), np.array([1.0]))


def test_a_time_beyond_all_calendars() -> None:
    with pytest.raises(Unreadable):
        cf.times(array(units="days since 2000-01-01"), np.array([1e300]))
