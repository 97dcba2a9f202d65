"""Documents of Zarr 2 and 3, whole and damaged."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from jsobj.publish.inspect.contents import Array
from jsobj.publish.inspect.zarr_metadata import Tree, contents_of

V2 = {
    "zarr_format": 2, "shape": [10, 20], "chunks": [5, 20], "dtype": "<f4", "fill_value": -9999.0, "order": "C",
    "filters": [{"id": "shuffle"}], "compressor": {"id": "blosc", "cname": "zstd", "clevel": 5},
}  # fmt: skip
V3 = {
    "zarr_format": 3, "node_type": "array", "shape": [10, 20], "data_type": "float32", "fill_value": 0.0,
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [10, 20]}},
    "chunk_key_encoding": {"name": "default"}, "dimension_names": ["y", None],
    "codecs": [{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 0}}],
}  # fmt: skip
SHARDED = {
    "name": "sharding_indexed",
    "configuration": {"chunk_shape": [5, 5], "codecs": [{"name": "bytes"}, {"name": "gzip"}]},
}


def one(format: int, documents: dict[str, Any]) -> Array:
    contents = contents_of(Tree(format, documents))
    assert contents.notes == ()
    (array,) = contents.arrays
    return array


def test_an_array_of_format_2() -> None:
    array = one(2, {"g/a/.zarray": V2, "g/a/.zattrs": {"_ARRAY_DIMENSIONS": ["y", "x"], "units": "K"}})
    assert (array.name, array.group, array.dimensions) == ("g/a", "g", ("y", "x"))
    assert (array.shape, array.chunks, array.pieces) == ((10, 20), (5, 20), (5, 20))
    assert (array.dtype, array.item, array.fill) == ("float32", 4, -9999.0)
    assert array.codec == "blosc (zstd), shuffle"
    assert array.text("units") == "K"


def test_an_array_of_format_3() -> None:
    array = one(3, {"a/zarr.json": V3})
    assert (array.dimensions, array.chunks, array.shards) == (("y", ""), (10, 20), None)
    assert array.codec == "zstd"
    assert array.fill is None  # what no chunk says is zero there, not missing


def test_shards() -> None:
    array = one(3, {"a/zarr.json": {**V3, "codecs": [SHARDED]}})
    assert (array.chunks, array.shards, array.pieces) == ((5, 5), (10, 20), (5, 5))
    assert array.codec == "gzip"


def test_a_missing_value_as_xarray_writes_it() -> None:
    text = base64.standard_b64encode(struct.pack("<d", -9999.0)).decode()
    assert one(3, {"a/zarr.json": {**V3, "attributes": {"_FillValue": text}}}).fill == -9999.0
    assert one(3, {"a/zarr.json": {**V3, "attributes": {"_FillValue": "!"}}}).fill is None


@pytest.mark.parametrize(
    ("dtype", "words", "numeric"),
    [
        ("<i2", "int16", True), ("|b1", "bool", True), ("<M8[ns]", "datetime64[ns]", True),
        ("<c16", "complex128", False),
        ("|S7", "bytes", False), ("<U4", "text", False), ("|O", "object", False), ([["a", "<i4"]], "structured", False),
    ],
)  # fmt: skip
def test_types_of_format_2(dtype: Any, words: str, numeric: bool) -> None:
    array = one(2, {"a/.zarray": {**V2, "dtype": dtype}})
    assert (array.dtype, array.numeric) == (words, numeric)


@pytest.mark.parametrize(
    ("dtype", "words", "numeric"),
    [
        ("uint8", "uint8", True), ("bool", "bool", True), ("string", "string", False),
        ("complex64", "complex64", False),
        ({"name": "numpy.datetime64", "configuration": {"unit": "s"}}, "datetime64[s]", True),
    ],
)  # fmt: skip
def test_types_of_format_3(dtype: Any, words: str, numeric: bool) -> None:
    array = one(3, {"a/zarr.json": {**V3, "data_type": dtype}})
    assert (array.dtype, array.numeric) == (words, numeric)


def test_groups() -> None:
    contents = contents_of(Tree(2, {".zgroup": {}, ".zattrs": {"title": "T"}, "g/.zgroup": {}, "g/a/.zarray": V2}))
    assert (contents.attributes, contents.groups) == ({"title": "T"}, ("g",))


@pytest.mark.parametrize(
    "document",
    [
        None, 5, "text", [], {}, {**V2, "shape": -1}, {**V2, "shape": [-1]},
        {**V2, "chunks": [5]}, {**V2, "chunks": [0, 1]},
        {**V2, "shape": [1e400, 1]}, {**V2, "shape": [True, 1]}, {**V2, "filters": 5}, {**V2, "compressor": "x"},
    ],
)  # fmt: skip
def test_damage_is_noted_and_the_others_are_shown(document: Any) -> None:
    contents = contents_of(Tree(2, {"bad/.zarray": document, "good/.zarray": V2}))
    assert [array.name for array in contents.arrays] == ["good"]
    assert contents.notes == ("the metadata of the array 'bad' are damaged",)


@pytest.mark.parametrize(
    "change",
    [
        {"chunk_grid": None}, {"chunk_grid": {"name": "regular"}}, {"codecs": [5]}, {"data_type": 5}, {"shape": None},
        {"codecs": [{"name": "sharding_indexed"}]}, {"codecs": [{**SHARDED, "configuration": {"chunk_shape": [0, 0]}}]},
    ],
)  # fmt: skip
def test_damage_in_format_3(change: dict[str, Any]) -> None:
    contents = contents_of(Tree(3, {"bad/zarr.json": {**V3, **change}, "good/zarr.json": V3}))
    assert [array.name for array in contents.arrays] == ["good"]
    assert len(contents.notes) == 1


def test_documents_of_nonsense() -> None:
    contents = contents_of(Tree(3, {"zarr.json": {"attributes": [1]}, "a/zarr.json": [], "b/zarr.json": None}))
    assert (contents.arrays, contents.attributes) == ((), {})
