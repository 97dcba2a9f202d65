"""Zarr and NetCDF as xarray writes them, looked into on both servers; and damaged ones."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from fixtures_places import PROFILE, Place
from PIL import Image
from publish_scene import Scene, fetched

import jsobj
from jsobj.publish.dataset import Dataset
from jsobj.publish.inspect.bounded import Reader
from jsobj.publish.inspect.look import datasets, netcdf_dataset, zarr_dataset
from jsobj.store.objects import Store

BAD = "</script><script>window.intruder = 1</script>"
BOX = (-180.0, -85.0, 180.0, 85.0)


def sea() -> xr.Dataset:
    """Temperatures, warmest at the equator, over months; with a hole."""
    lat, lon = np.arange(-85.0, 90, 10), np.arange(0.0, 360, 10)
    field = 300 - 40 * np.abs(np.sin(np.radians(lat)))[None, :, None] + np.zeros((3, 1, len(lon)))
    field[:, 3:6, 10:15] = np.nan
    months = pd.date_range("2000-01-01", periods=3, freq="MS")
    return xr.Dataset(
        {"sst": (("time", "lat", "lon"), field.astype("f4"), {"units": "K", "long_name": "temperature"})},
        {
            "time": months,
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
        },
        {"title": "Sea", "history": BAD},
    )


def to_zarr(folder: Path, data: xr.Dataset, **options: Any) -> None:
    data.to_zarr(folder, mode="w", **options)


def to_cdf5(path: Path, data: xr.Dataset) -> None:
    """As the C library does it, which xarray cannot be told."""
    import netCDF4

    data.to_netcdf(path.with_suffix(".tmp"), format="NETCDF3_CLASSIC", engine="netcdf4", unlimited_dims=["time"])
    with (
        netCDF4.Dataset(path.with_suffix(".tmp")) as source,
        netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_DATA") as target,
    ):
        target.set_auto_maskandscale(False)
        source.set_auto_maskandscale(False)
        target.setncatts(source.__dict__)
        for name, dimension in source.dimensions.items():
            target.createDimension(name, None if dimension.isunlimited() else len(dimension))
        for name, old in source.variables.items():
            kept = dict(old.__dict__)
            new = target.createVariable(name, old.dtype, old.dimensions, fill_value=kept.pop("_FillValue", None))
            new.setncatts(kept)
            new[:] = old[:]


PACKED = {"sst": {"dtype": "i2", "scale_factor": 0.01, "add_offset": 280.0, "_FillValue": -32768}}
WRITERS: dict[str, tuple[str, Callable[[Path, xr.Dataset], object]]] = {
    "v2.zarr": ("Zarr 2", lambda path, data: to_zarr(path, data, zarr_format=2, encoding=PACKED)),
    "v2-listed.zarr": ("Zarr 2", lambda path, data: to_zarr(path, data, zarr_format=2, consolidated=False)),
    "v3.zarr": ("Zarr 3", lambda path, data: to_zarr(path, data, zarr_format=3, consolidated=True, encoding=PACKED)),
    "v3-listed.zarr": ("Zarr 3", lambda path, data: to_zarr(path, data, zarr_format=3, consolidated=False)),
    "sharded.zarr": (
        "Zarr 3",
        lambda path, data: to_zarr(
            path,
            data,
            zarr_format=3,
            consolidated=True,
            encoding={"sst": {"chunks": (1, 6, 12), "shards": (3, 18, 36)}},
        ),
    ),
    "four.nc": ("NetCDF 4", lambda path, data: data.to_netcdf(path, engine="h5netcdf", encoding=PACKED)),
    "offset.nc": (
        "NetCDF 3 (64-bit offset)",
        lambda path, data: data.to_netcdf(path, format="NETCDF3_64BIT", engine="netcdf4", unlimited_dims=["time"]),
    ),
    "classic.nc": (
        "NetCDF 3",
        lambda path, data: data.to_netcdf(path, format="NETCDF3_CLASSIC", engine="netcdf4", encoding=PACKED),
    ),
    "data64.nc": ("NetCDF 3 (64-bit data)", to_cdf5),
}


@pytest.fixture(name="written", scope="module")
def _written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of xarray and zarr, about their own formats
        for name, (_, write) in WRITERS.items():
            write(folder / name, sea())
    return folder


@pytest.fixture(name="store")
def _store(at_home: Place) -> Iterator[Store]:
    objects = jsobj.connect(PROFILE).store(at_home.url())
    yield objects.store
    objects.close()


def upload(place: Place, path: Path, key: str = "") -> None:
    key = key or path.name
    if path.is_file():
        place.put(key, path.read_bytes())
        return
    for file in path.rglob("*"):
        if file.is_file():
            place.put(f"{key}/{file.relative_to(path)}", file.read_bytes())


def looked(store: Store, name: str, **reader: Any) -> Dataset:
    given = Reader(store, **reader)
    if name.endswith(".zarr"):
        found = zarr_dataset(store, "", f"{name}/", reader=given)
    else:
        found = netcdf_dataset(store, "", name, reader=given)
    assert found is not None
    return found


def test_what_xarray_writes_is_shown(at_home: Place, store: Store, written: Path) -> None:
    pictures = {}
    for name, (kind, _) in WRITERS.items():
        upload(at_home, written / name)
        found = looked(store, name)
        assert (found.kind, found.title, found.notes) == (kind, "Sea", ()), name
        assert {(each.name, each.size, each.kind) for each in found.dimensions} == {
            ("time", 3, "time"), ("lat", 18, "y"), ("lon", 36, "x"),
        }  # fmt: skip
        assert found.extent.box == BOX
        assert (found.extent.start, found.extent.end) == ("2000-01-01T00:00:00Z", "2000-03-01T00:00:00Z")
        assert [each.name for each in found.measured] == ["sst"]
        assert {each.name for each in found.coordinates} == {"time", "lat", "lon"}
        assert found.attribute("history") == BAD
        (sst,) = found.measured
        assert (sst.dimensions, sst.shape, sst.attribute("units")) == (("time", "lat", "lon"), (3, 18, 36), "K")
        assert found.picture is not None
        assert re.fullmatch(
            r"Map of sst \(temperature\) at time 2000-01-01: lon across, lat up; "
            r"values from 260\.15\d* to 296\.51\d* K; "
            r"(the colours run from .*; )?2 % missing, grey",
            found.picture.shows,
        ), (name, found.picture.shows)
        pictures[name] = found.picture
    (sst,) = looked(store, "sharded.zarr").measured
    assert (sst.chunks, sst.shards, sst.codec) == ((1, 6, 12), (3, 18, 36), "zstd")
    assert len({picture.data for name, picture in pictures.items() if "listed" in name or "sharded" in name}) == 1
    image = np.asarray(Image.open(io.BytesIO(pictures["four.nc"].data)).convert("RGB")).astype(int)
    assert image.shape == (pictures["four.nc"].height, pictures["four.nc"].width, 3)
    pole, equator = image[40, 300], image[image.shape[0] // 2, 300]
    assert equator.sum() > pole.sum() + 100  # bright where it is warm


def test_groups(at_home: Place, store: Store, tmp_path: Path) -> None:
    tree = xr.DataTree.from_dict({"/": sea()[["sst"]].isel(time=0, drop=True), "/ice/thick": sea().rename(sst="h")})
    tree.to_zarr(tmp_path / "t.zarr", zarr_format=3, consolidated=False)
    tree.to_netcdf(tmp_path / "t.nc", engine="h5netcdf")
    for name in ("t.zarr", "t.nc"):
        upload(at_home, tmp_path / name)
        found = looked(store, name)
        assert set(found.groups) == {"ice", "ice/thick"}, name
        assert {each.name for each in found.measured} == {"sst", "ice/thick/h"}
        assert "ice/thick/time" in {each.name for each in found.coordinates}
        assert found.extent.start == "2000-01-01T00:00:00Z"


def test_of_a_hundred_thousand_chunks_few_are_asked_for(at_home: Place, store: Store, tmp_path: Path) -> None:
    import zarr

    group = zarr.open_group(tmp_path / "huge.zarr", mode="w", zarr_format=2)
    days = {"units": "days since 2000-01-01", "_ARRAY_DIMENSIONS": ["time"]}
    time = group.create_array("time", shape=(100_000,), chunks=(1,), dtype="i4", fill_value=-1, attributes=days)
    time[0], time[99_999] = 0, 99_999
    kept = {"_ARRAY_DIMENSIONS": ["time", "y", "x"]}
    data = group.create_array("t", shape=(100_000, 8, 9), chunks=(1, 8, 9), dtype="f4", attributes=kept)
    data[0] = np.arange(72).reshape(8, 9)
    upload(at_home, tmp_path / "huge.zarr")
    reader = Reader(store)
    asked: list[str] = []
    info = reader.info
    reader.info = lambda key: asked.append(key) or info(key)  # type: ignore[method-assign, func-returns-value]
    found = zarr_dataset(store, "", "huge.zarr/", reader=reader)
    assert found is not None
    assert found.extent.end == "2273-10-15T00:00:00Z"
    assert found.picture is not None
    assert "values from 0 to 71" in found.picture.shows
    assert len([key for key in asked if not key.rpartition("/")[2].startswith((".", "zarr.json"))]) == 3
    assert len(asked) < 25


DAMAGE: dict[str, tuple[str, str, bytes | None]] = {
    "metadata that is no JSON": ("v2.zarr", ".zmetadata", b'{"metadata": '),
    "metadata of another kind": ("v2.zarr", ".zmetadata", b"[]"),
    "metadata with nonsense": ("v2.zarr", ".zmetadata", b'{"metadata": {"sst/.zarray": 5, "x": 3, "a/.zattrs": []}}'),
    "metadata without end": ("v2.zarr", ".zmetadata", b"[" * 100_000),
    "a damaged chunk": ("v2.zarr", "sst/0.0.0", b"damaged"),
    "a chunk of nothing": ("v2.zarr", "sst/0.0.0", b""),
    "a root that is no JSON": ("v3-listed.zarr", "zarr.json", b"\xff\xfe"),
    "an array that is none": ("v3-listed.zarr", "sst/zarr.json", b'{"node_type": "array"}'),
    "an array of numbers": ("v3-listed.zarr", "sst/zarr.json", b"5"),
    "a shard that is cut off": ("sharded.zarr", "sst/c/0/0/0", b"\0" * 100),
    "a shard with another index": ("sharded.zarr", "sst/c/0/0/0", b"\x01" * 5000),
    "HDF5 that is cut off": ("four.nc", "", None),
    "HDF5 with nothing behind its mark": ("four.nc", "", b"\x89HDF\r\n\x1a\n" + b"\xff" * 600),
    "NetCDF 3 that is cut off": ("classic.nc", "", None),
    "NetCDF 3 with a damaged header": ("classic.nc", "", b"CDF\x01\0\0\0\1\0\0\0\x0a\xff\xff\xff\xff" + b"\x7f" * 500),
    "NetCDF 3 of nothing": ("classic.nc", "", b"CDF\x01"),
}


def test_damage_becomes_a_note(at_home: Place, store: Store, written: Path) -> None:
    for what, (name, member, data) in DAMAGE.items():
        upload(at_home, written / name)
        key = f"{name}/{member}" if member else name
        whole = at_home.body(key)
        at_home.put(key, whole[: len(whole) // 2] if data is None else data)
        found = looked(store, name)
        assert found.notes, what
        assert all(len(note) < 300 and "\n" not in note for note in found.notes), what
        at_home.put(key, whole)


def test_reading_ends(at_home: Place, store: Store, written: Path) -> None:
    for name in ("v3.zarr", "four.nc", "classic.nc"):
        upload(at_home, written / name)
        assert "more than 100 B would have to be read" in " ".join(looked(store, name, limit=100).notes), name
        ticks = iter(range(0, 10**6, 20))
        found = looked(store, name, seconds=45, clock=lambda ticks=ticks: float(next(ticks)))
        assert "it took longer than 45 seconds" in " ".join(found.notes), name


def test_what_is_no_dataset(at_home: Place, store: Store) -> None:
    at_home.put("a.nc", b"no dataset")
    at_home.put("b.nc", b"")
    at_home.put("c.zarr/readme.txt", b"x")
    assert netcdf_dataset(store, "", "a.nc") is None
    assert netcdf_dataset(store, "", "b.nc") is None
    assert netcdf_dataset(store, "", "none.nc") is None
    assert zarr_dataset(store, "c.zarr/") is None
    assert datasets(store, "", ["a.nc", "b.nc", "x.txt"], zarr=False) == ()


CFF = b"cff-version: 1.2.0\ntitle: Sea & salt\nauthors: [{family-names: Lovelace, given-names: Ada}]\n\
doi: 10.5281/zenodo.1\nlicense: CC-BY-4.0\ndate-released: 2024-01-02\n"


def test_a_published_dataset_is_found_by_people_and_machines(scene: Scene, written: Path) -> None:
    pystac = pytest.importorskip("pystac")
    files = {
        f"data/{path.relative_to(written)}": path.read_bytes()
        for path in [*(written / "v3.zarr").rglob("*"), written / "four.nc"]
        if path.is_file()
    }
    scene.fill({**files, "data/v3.zarr/CITATION.cff": CFF, "data/README.md": b"# Sea\n\n*Two* datasets of the sea."})
    done = scene.publish().json
    pages = ["data/v3.zarr/index.html", "data/index.html"]
    items = ["data/v3.zarr/stac-item.json", "data/stac-item.json"]
    assert set(done["written"]) == {*pages, *items}
    url = next(iter(done["urls"].values()))
    page, _ = fetched(url.replace("index.html", "v3.zarr/index.html"))
    text = page.decode()
    assert text.count("<h1>") == 1
    assert f"<script>{BAD}" not in text
    assert "<script>window.intruder" not in text
    assert 'src="data:image/png;base64,' in text
    assert "https://doi.org/10.5281/zenodo.1</a>" in text
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert found is not None
    document = json.loads(found[1])
    assert (document["name"], document["license"]) == ("Sea & salt", "https://spdx.org/licenses/CC-BY-4.0.html")
    assert 50 <= len(document["description"]) <= 5000
    assert document["spatialCoverage"]["geo"]["box"] == "-85 -180 85 180"
    assert document["url"] == url.replace("index.html", "v3.zarr/index.html")
    body, headers = fetched(url.replace("index.html", "v3.zarr/stac-item.json"))
    assert headers["content-type"] == "application/geo+json"
    item = pystac.Item.from_dict(json.loads(body))
    assert item.id == "data-v3.zarr"
    outer, _ = fetched(url)
    assert b"<em>Two</em> datasets" in outer
    assert b"NetCDF 4, 1 variable" in outer
    (link,) = re.findall(rb'<script type="application/ld\+json">(.*?)</script>', outer)
    (download,) = [each for each in json.loads(link)["distribution"] if each["name"] == "four.nc"]
    assert fetched(download["contentUrl"])[0] == files["data/four.nc"]
    assert len(download["sha256"]) == 64
    assert scene.publish().json["written"] == []
    assert {*pages, *items} <= set(scene.publish("--remove").json["removed"])


def test_a_foreign_item_is_left_alone_and_shown(scene: Scene, written: Path) -> None:
    scene.fill({"data/four.nc": (written / "four.nc").read_bytes(), "data/stac-item.json": b'{"mine": true}'})
    assert scene.publish().json["written"] == ["data/index.html"]
    assert scene.body("data/stac-item.json") == b'{"mine": true}'
    assert b"stac-item.json" in scene.body("data/index.html")
    scene.publish("--remove")
    assert set(scene.names()) == {"data/four.nc", "data/stac-item.json"}


def test_an_item_goes_with_its_data(scene: Scene, written: Path) -> None:
    scene.fill({"data/four.nc": (written / "four.nc").read_bytes(), "data/x.txt": b"x"})
    assert "data/stac-item.json" in scene.publish().json["written"]
    scene.swift.delete_object(scene.bucket, "data/four.nc")
    assert scene.publish().json["removed"] == ["data/stac-item.json"]
