"""From arrays to what a page says of them; values come from memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest

from jsobj.publish.dataset import Dataset
from jsobj.publish.inspect.bounded import TooMuch
from jsobj.publish.inspect.contents import Array, Contents, Unreadable, Window
from jsobj.publish.inspect.describe import described

np = pytest.importorskip("numpy")
Image = pytest.importorskip("PIL.Image")

NORTH, EAST = {"units": "degrees_north"}, {"units": "degrees_east"}
DAYS = {"units": "days since 2000-01-01", "calendar": "standard"}


class InMemory:
    """Values of arrays; ``read`` remembers the windows that were asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        self.asked: list[tuple[str, Window]] = []

    def read(self, array: Array, window: Window) -> Any:
        self.asked.append((array.name, window))
        found = self.values[array.name]
        if isinstance(found, Exception):
            raise found
        return found[window]


def described_of(*arrays: tuple[str, str, Any, dict[str, Any]], **contents: Any) -> tuple[Dataset, InMemory]:
    """A dataset of (name, dimensions with blanks between them, values, attributes)."""
    made, values = [], {}
    for name, dimensions, data, attributes in arrays:
        data = data if isinstance(data, Exception) else np.asarray(data)
        shape = attributes.pop("shape", None) or data.shape
        pieces = attributes.pop("pieces", shape)
        made.append(Array(name, tuple(dimensions.split()), shape, "float64", 8, pieces=pieces, attributes=attributes))
        values[name] = data
    source = InMemory(values)
    return described(Contents("Zarr 3", arrays=tuple(made), **contents), source, ""), source


def field(rows: int = 10, columns: int = 20) -> Any:
    return np.add.outer(np.arange(rows, dtype=float), np.arange(columns) / 10)


def pixels(dataset: Dataset) -> Any:
    assert dataset.picture is not None
    image = Image.open(io.BytesIO(dataset.picture.data))
    assert image.size == (dataset.picture.width, dataset.picture.height)
    return np.asarray(image.convert("RGB"))


def test_where_and_when() -> None:
    dataset, _ = described_of(
        ("t", "time lat lon", np.zeros((2, 3, 4)) + field(3, 4), {"units": "K", "long_name": "warmth"}),
        ("time", "time", [0.0, 31.0], DAYS),
        ("lat", "lat", [-10.0, 0.0, 10.0], NORTH),
        ("lon", "lon", [200.0, 210.0, 220.0, 230.0], EAST),
        attributes={"title": " A title ", "history": "x"},
    )
    assert dataset.title == "A title"
    assert dataset.extent.box == (-160.0, -10.0, -130.0, 10.0)
    assert (dataset.extent.start, dataset.extent.end) == ("2000-01-01T00:00:00Z", "2000-02-01T00:00:00Z")
    assert [variable.name for variable in dataset.measured] == ["t"]
    assert [(each.name, each.size, each.kind) for each in dataset.dimensions] == [
        ("time", 2, "time"), ("lat", 3, "y"), ("lon", 4, "x"),
    ]  # fmt: skip
    assert dataset.notes == ()
    assert dataset.picture is not None
    assert dataset.picture.shows == ("Map of t (warmth) at time 2000-01-01: lon across, lat up; values from 0 to 2.3 K")


@pytest.mark.parametrize(
    ("degrees", "west", "east"),
    [
        (np.arange(0, 360, 2.5), -180.0, 180.0),
        (np.arange(-179.5, 180), -180.0, 180.0),
        (np.arange(0, 361, 1), -180.0, 180.0),
        (np.arange(170, 191), 170.0, -170.0),
        (np.arange(-20, 41), -20.0, 40.0),
        (np.arange(190, 350), -170.0, -11.0),
        (np.array([7.0]), 7.0, 7.0),
    ],
)
def test_longitudes(degrees: Any, west: float, east: float) -> None:
    dataset, _ = described_of(("lat", "lat", [1.0, 2.0], NORTH), ("lon", "lon", degrees.astype(float), EAST))
    assert dataset.extent.box == (west, 1.0, east, 2.0)


def test_latitudes_that_are_none() -> None:
    dataset, _ = described_of(("lat", "lat", [100.0, 200.0], NORTH), ("lon", "lon", [1.0, 2.0], EAST))
    assert dataset.extent.box is None


def test_places_that_are_two_dimensional() -> None:
    dataset, _ = described_of(
        ("t", "y x", field(), {"coordinates": "lat lon"}),
        ("lat", "y x", field(), NORTH),
        ("lon", "y x", -field(), EAST),
    )
    assert dataset.extent.box == (-10.9, 0.0, 0.0, 10.9)
    assert [variable.name for variable in dataset.coordinates] == ["lat", "lon"]


def test_of_a_long_coordinate_only_the_ends_are_read() -> None:
    long = np.arange(100_000.0)
    dataset, source = described_of(("time", "time", long, {**DAYS, "pieces": (1,)}))
    assert source.asked == [("time", (slice(0, 1),)), ("time", (slice(99_999, 100_000),))]
    assert dataset.extent.end == "2273-10-15T00:00:00Z"


def test_a_calendar_that_is_not_ours_is_said() -> None:
    dataset, _ = described_of(("time", "time", [1.0], {**DAYS, "calendar": "noleap"}), ("t", "time", [2.0], {}))
    assert not dataset.extent.known
    assert dataset.notes[0] == "the coordinate 'time' was not read: its calendar is noleap"


def test_north_is_up() -> None:
    values = np.repeat([[0.0], [1.0]], 8, axis=1)
    for lat in ([-10.0, 10.0], [10.0, -10.0]):
        south_first = lat[0] < 0
        dataset, _ = described_of(
            ("t", "lat lon", values if south_first else values[::-1], {}),
            ("lat", "lat", lat, NORTH),
            ("lon", "lon", np.arange(8.0), EAST),
        )
        seen = pixels(dataset)
        assert tuple(seen[40, 100]) == (0xFD, 0xE7, 0x25)  # the largest value, which is in the north


def test_depth_goes_down() -> None:
    values = np.repeat([[1.0], [0.0]], 8, axis=1)
    dataset, _ = described_of(("t", "depth n", values, {}), ("depth", "depth", [0.0, 10.0], {"positive": "down"}))
    assert tuple(pixels(dataset)[40, 100]) == (0xFD, 0xE7, 0x25)  # at the surface


def test_missing_values_are_grey_and_said() -> None:
    values = field()
    values[:, :5] = np.nan
    dataset, _ = described_of(("t", "y x", values, {}))
    assert dataset.picture is not None
    assert dataset.picture.shows.endswith("25 % missing, grey")
    seen = pixels(dataset)
    assert (0xD8, 0xD8, 0xD8) in {tuple(int(c) for c in colour) for colour in seen[100:110, 80]}


def test_where_the_first_place_is_empty_the_middle_is_shown() -> None:
    values = np.full((5, 4, 6), np.nan)
    values[2] = field(4, 6)
    dataset, _ = described_of(("t", "n y x", values, {}))
    assert dataset.picture is not None
    assert "at n[2]" in dataset.picture.shows


def test_nothing_but_missing_values() -> None:
    dataset, _ = described_of(("t", "y x", np.full((3, 4), np.nan), {}))
    assert dataset.picture is None
    assert dataset.notes == ("there is no picture of 't': all values that were read are missing",)


@pytest.mark.parametrize(
    "values", [np.full((5, 6), 3.0), np.full((5, 6), 1e300), field() * 1e-30, field() * 1e30 - 5e30]
)
def test_strange_ranges_are_drawn(values: Any) -> None:
    dataset, _ = described_of(("t", "y x", values, {}))
    assert pixels(dataset).shape[0] > 100


def test_infinite_values_count_as_missing() -> None:
    values = field()
    values[0, 0] = np.inf
    dataset, _ = described_of(("t", "y x", values, {}))
    assert dataset.picture is not None
    assert "values from 0.1 to" in dataset.picture.shows


def test_a_series_is_a_line() -> None:
    dataset, _ = described_of(
        ("t", "time", np.sin(np.arange(50) / 5), {"units": "m"}), ("time", "time", np.arange(50.0), DAYS)
    )
    assert dataset.picture is not None
    assert dataset.picture.shows.startswith("Line of t: over time; values from -0.9")
    assert len(np.unique(pixels(dataset).reshape(-1, 3), axis=0)) > 3


def test_of_a_variable_that_is_too_large_the_middle_is_shown() -> None:
    huge = np.broadcast_to(np.float64(1), (100_000, 200_000))
    dataset, source = described_of(("t", "y x", huge, {"pieces": (1000, 1000)}))
    (_, window) = source.asked[-1]
    read = [part.stop - part.start for part in window]
    assert read[0] * read[1] * 8 <= 32 * 1024**2
    assert all(part.start % 1000 == 0 and part.start > 0 for part in window)
    assert dataset.picture is not None
    assert "a part from the middle" in dataset.picture.shows


def test_chunks_that_are_too_large() -> None:
    dataset, _ = described_of(("t", "y x", np.zeros((1, 1)), {"shape": (10**6, 10**6), "pieces": (10**5, 10**5)}))
    assert dataset.picture is None
    assert dataset.notes == ("there is no picture of 't': the chunks are too large",)


def test_the_next_variable_where_one_cannot_be_read() -> None:
    dataset, _ = described_of(("a", "y x", Unreadable("why"), {"shape": (2, 2)}), ("b", "y x", field(), {}))
    assert dataset.picture is not None
    assert "Map of b" in dataset.picture.shows
    dataset, _ = described_of(("a", "y x", TooMuch("why"), {"shape": (2, 2)}))
    assert dataset.notes == ("there is no picture of 'a': why",)


def test_the_coordinate_of_a_group_is_its_own() -> None:
    dataset, _ = described_of(
        ("g/t", "lat lon", field(2, 4), {}),
        ("g/lat", "lat", [5.0, 6.0], NORTH),
        ("lon", "lon", [1.0, 2.0, 3.0, 4.0], EAST),
    )
    assert dataset.extent.box == (1.0, 5.0, 4.0, 6.0)
    assert {variable.name for variable in dataset.coordinates} == {"g/lat", "lon"}


def test_hostile_names_are_drawn() -> None:
    name = "<script>\u202e\n\0" + "x" * 5000
    dataset, _ = described_of((name, "y x", field(), {"long_name": name, "units": name}))
    assert pixels(dataset).shape[1] < 1000


def test_equal_values_give_equal_pictures() -> None:
    first, second = (described_of(("t", "y x", field(), {}))[0] for _ in range(2))
    assert first.picture == second.picture
