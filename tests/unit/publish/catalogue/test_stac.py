"""STAC items, judged by pystac and the specification's own schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jsobj.publish.catalogue.citation import Citation
from jsobj.publish.catalogue.stac import DATACUBE, item
from jsobj.publish.dataset import Dataset, Dimension, Extent, Variable

DATASET = Dataset(
    "Zarr 3",
    dimensions=(
        Dimension("time", 2, "time", "", "2000-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
        Dimension("lat", 3, "y", "degrees_north", -10.0, 10.0),
        Dimension("lon", 4, "x", "degrees_east", 200.0, 230.0),
        Dimension("depth", 5, "z", "m", 0.0, 50.0),
        Dimension("x", 6, "x", "m", 0.0, 1e6),
        Dimension("member", 7),
    ),
    variables=(
        Variable("sst", ("time", "lat", "lon"), (2, 3, 4), attributes=(("units", "K"),)),
        Variable("lat", ("lat",), (3,), coordinate=True),
        Variable("area", ("lat", "lon"), (3, 4), coordinate=True),
        Variable("g/odd", ("elsewhere",), (3,)),
    ),
    extent=Extent((-160.0, -10.0, -130.0, 10.0), "2000-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
)
CITATION = Citation("T", "D", doi="10.1000/1", licence="https://spdx.org/licenses/CC-BY-4.0.html", keywords=("k",))


def made(dataset: Dataset = DATASET, place: str = "b/run 1/a.zarr/") -> dict[str, Any]:
    found = item(dataset, place, CITATION, "./index.html")
    assert found is not None
    return found


def test_an_item() -> None:
    document = made()
    assert (document["id"], document["bbox"]) == ("b-run-1-a.zarr", [-160.0, -10.0, -130.0, 10.0])
    assert document["geometry"]["type"] == "Polygon"
    properties = document["properties"]
    assert (properties["datetime"], properties["license"]) == (None, "CC-BY-4.0")
    cube = properties["cube:dimensions"]
    assert cube["lat"] == {"type": "spatial", "axis": "y", "extent": [-10.0, 10.0], "reference_system": 4326}
    assert cube["depth"] == {"type": "spatial", "axis": "z", "extent": [0.0, 50.0], "unit": "m"}
    assert cube["time"] == {"type": "temporal", "extent": ["2000-01-01T00:00:00Z", "2001-01-01T00:00:00Z"]}
    assert cube["x"]["type"] == cube["member"]["type"] == "other"
    assert properties["cube:variables"] == {
        "sst": {"dimensions": ["time", "lat", "lon"], "type": "data", "unit": "K"},
        "area": {"dimensions": ["lat", "lon"], "type": "auxiliary"},
    }
    assert document["assets"]["data"]["href"] == "./"


def test_across_the_antimeridian() -> None:
    document = made(replace(DATASET, extent=replace(DATASET.extent, box=(170.0, -10.0, -170.0, 10.0))))
    assert document["geometry"]["type"] == "MultiPolygon"
    assert document["bbox"] == [170.0, -10.0, -170.0, 10.0]


def test_one_moment() -> None:
    document = made(replace(DATASET, extent=replace(DATASET.extent, end=DATASET.extent.start)))
    assert document["properties"]["datetime"] == "2000-01-01T00:00:00Z"


def test_a_file_is_linked_relatively() -> None:
    document = made(replace(DATASET, kind="NetCDF 4", place="a b.nc"), "b/a b.nc")
    assert document["assets"]["data"]["href"] == "./a%20b.nc"
    assert document["assets"]["data"]["type"] == "application/x-netcdf4"


@pytest.mark.parametrize("extent", [Extent(), Extent((0, 0, 1, 1)), Extent(None, "2000-01-01T00:00:00Z")])
def test_no_item_without_place_and_time(extent: Extent) -> None:
    assert item(replace(DATASET, extent=extent), "p", CITATION, "x") is None


def test_equal_data_give_an_equal_item() -> None:
    assert made() == made()


@pytest.mark.parametrize("box", [(-160.0, -10.0, -130.0, 10.0), (170.0, -10.0, -170.0, 10.0)])
def test_pystac_reads_it(box: tuple[float, float, float, float]) -> None:
    pystac = pytest.importorskip("pystac")
    from pystac.extensions.datacube import DatacubeExtension

    found = pystac.Item.from_dict(made(replace(DATASET, extent=replace(DATASET.extent, box=box))))
    assert DATACUBE in found.stac_extensions
    cube = DatacubeExtension.ext(found)
    assert cube.dimensions["lon"].extent == [200.0, 230.0]
    assert cube.variables["sst"].dimensions == ["time", "lat", "lon"]
    # The schema of the specification comes with pystac, those of extensions are on the web.
    validator = pytest.importorskip("pystac.validation").JsonSchemaSTACValidator()
    validator.validate_core(found.to_dict(), pystac.STACObjectType.ITEM, "1.1.0")
    broken = {**found.to_dict(), "bbox": [1.0]}
    with pytest.raises(pystac.STACValidationError):
        validator.validate_core(broken, pystac.STACObjectType.ITEM, "1.1.0")
