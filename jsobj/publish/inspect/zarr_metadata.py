"""The metadata of a Zarr, formats 2 and 3, from its JSON documents: without zarr-python, and without a list of chunks.

Consolidated metadata are used where they can be read; else each folder that may be an array or a group is asked for
its own document, and only folders of groups are listed. Sources: Zarr v2 specification; Zarr v3 core specification;
"Consolidated metadata" of zarr-python; ``_ARRAY_DIMENSIONS`` as in xarray's "Zarr encoding specification".
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.publish.inspect.bounded import Reader, TooMuch
from jsobj.publish.inspect.contents import Array, Contents
from jsobj.transfer.zarr.names import ARRAY, ATTRIBUTES, CONSOLIDATED, GROUP, V3

_LARGEST = 32 * 1024**2  # bytes of a document
_NODES = 1000  # arrays and groups that are looked at
_DEPTH = 8
_V2_TYPE = re.compile(r"([<>|])([biufcmMSUVO])(\d*)(\[\w+\])?")
_WORDS = {"b": "bool", "i": "int", "u": "uint", "f": "float", "c": "complex", "M": "datetime64", "m": "timedelta64"}
_V3_TYPE = re.compile(r"(bool|int|uint|float|complex)(\d+)?")
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(slots=True)
class Tree:
    """``documents`` by their names below the Zarr's prefix, each as it was parsed; ``notes``: what is damaged."""

    format: int
    documents: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_tree(reader: Reader, prefix: str) -> Tree | None:
    """The documents below ``prefix`` (ends in a slash, or ""); None where there is no Zarr.

    Raises :class:`JsobjError` as the store does.
    """
    notes: list[str] = []
    root = _document(reader, prefix, V3, notes)
    if isinstance(root, dict):
        return _tree_v3(reader, prefix, root, notes)
    tree = Tree(2, notes=notes)
    consolidated = _document(reader, prefix, CONSOLIDATED, notes)
    if consolidated is not None:
        found = consolidated.get("metadata") if isinstance(consolidated, dict) else None
        if isinstance(found, dict) and found:
            tree.documents.update(islice(found.items(), 3 * _NODES))
            return tree
        notes.append(f"{CONSOLIDATED} is not what it should be, so each array was looked at")
    found_array = _node_v2(reader, prefix, "", tree)
    if found_array is None and not notes:
        return None
    if found_array is not True:
        _walk(reader, prefix, tree)
    return tree if tree.documents or notes else None


def _tree_v3(reader: Reader, prefix: str, root: dict[str, Any], notes: list[str]) -> Tree:
    tree = Tree(3, {V3: root}, notes)
    if root.get("node_type") == "array":
        return tree
    consolidated = root.get("consolidated_metadata")
    found = consolidated.get("metadata") if isinstance(consolidated, dict) else None
    if isinstance(found, dict) and found:
        tree.documents.update((f"{path}/{V3}", document) for path, document in islice(found.items(), _NODES))
    else:
        _walk(reader, prefix, tree)
    return tree


def _walk(reader: Reader, prefix: str, tree: Tree) -> None:
    """Look at folders, those of groups inside too; the folders of chunks are never listed."""
    todo, seen = [""], 0
    while todo:
        group = todo.pop(0)
        for listed in reader.store.list(f"{prefix}{group}", delimiter="/"):
            if not listed.prefix:
                continue
            seen += 1
            if seen > _NODES:
                tree.notes.append(f"only the first {_NODES} arrays and groups were looked at")
                return
            path = listed.key[len(prefix) :]
            if _node(reader, prefix, path, tree) is False and path.count("/") < _DEPTH:
                todo.append(path)


def _node(reader: Reader, prefix: str, path: str, tree: Tree) -> bool | None:
    """Look at one folder: True for an array, False for a group, None for neither."""
    if tree.format == 2:
        return _node_v2(reader, prefix, path, tree)
    document = _document(reader, prefix, f"{path}{V3}", tree.notes)
    if not isinstance(document, dict):
        if document is not None:
            tree.notes.append(f"{path}{V3} is damaged: it is not what it should be")
        return None
    tree.documents[f"{path}{V3}"] = document
    return document.get("node_type") == "array"


def _node_v2(reader: Reader, prefix: str, path: str, tree: Tree) -> bool | None:
    for name, is_array in ((ARRAY, True), (GROUP, False)):
        document = _document(reader, prefix, path + name, tree.notes)
        if document is not None:
            tree.documents[path + name] = document
            attributes = _document(reader, prefix, path + ATTRIBUTES, tree.notes)
            if attributes is not None:
                tree.documents[path + ATTRIBUTES] = attributes
            return is_array
    return None


def _document(reader: Reader, prefix: str, name: str, notes: list[str]) -> Any:
    """One document; None where there is none, or it is damaged, which is noted."""
    try:
        info = reader.info(prefix + name)
        if info is None:
            return None
        if info.size > _LARGEST:
            raise ValueError("it is too large")
        text = reader.whole(prefix + name)
        return None if text is None else json.loads(text)
    except JsobjError as error:
        if error.code is not ExitCode.INTEGRITY:
            raise
        notes.append(f"{name} is damaged: its bytes are not what its digest says")
    except (ValueError, RecursionError):
        notes.append(f"{name} is damaged: it is not JSON")
    except TooMuch as reason:
        notes.append(f"{name} was not read: {reason}")
    return None


def contents_of(tree: Tree) -> Contents:
    """What the documents say. What cannot be understood is left out and noted."""
    arrays, notes, groups = [], list(tree.notes), []
    for path, kind, document, attributes in _nodes(tree):
        if kind == "group":
            groups.append(path)
            continue
        try:
            arrays.append((_array_v2 if tree.format == 2 else _array_v3)(path, document, attributes))
        except _BROKEN:
            notes.append(f"the metadata of the array '{path}' are damaged")
    root = next((attributes for path, kind, _, attributes in _nodes(tree) if not path and kind == "group"), {})
    return Contents(f"Zarr {tree.format}", root, tuple(arrays), tuple(g for g in groups if g), notes=tuple(notes))


def _nodes(tree: Tree) -> Iterator[tuple[str, str, Any, Mapping[str, Any]]]:
    """Path, ``array`` or ``group``, document and attributes of each."""
    for name, document in tree.documents.items():
        path, _, last = str(name).rpartition("/")
        if tree.format == 3 and isinstance(document, dict):
            kind = "array" if document.get("node_type") == "array" else "group"
            yield path, kind, document, _mapping(document.get("attributes"))
        elif last in {ARRAY, GROUP}:
            attributes = tree.documents.get(f"{path}/{ATTRIBUTES}" if path else ATTRIBUTES)
            yield path, "array" if last == ARRAY else "group", document, _mapping(attributes)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _array_v2(path: str, document: Any, attributes: Mapping[str, Any]) -> Array:
    shape, chunks = _sizes(document["shape"]), _sizes(document["chunks"], least=1)
    dtype, item, numeric = _type_v2(document["dtype"])
    steps = [document.get("compressor"), *(document.get("filters") or ())]
    fill = document.get("fill_value")
    return Array(
        path,
        _dimensions(attributes.get("_ARRAY_DIMENSIONS"), shape),
        shape,
        dtype,
        item,
        numeric,
        chunks,
        None,
        _same_length(chunks, shape),
        ", ".join(_codec(step.get("id"), step) for step in steps if step),
        _number(fill) or None,  # 0 is what zarr-python writes where nobody said anything
        attributes,
    )


def _array_v3(path: str, document: Any, attributes: Mapping[str, Any]) -> Array:
    shape = _sizes(document["shape"])
    chunks: tuple[int, ...] | None = None
    grid = document["chunk_grid"]
    if grid["name"] == "regular":
        chunks = _sizes(grid["configuration"]["chunk_shape"], least=1)
    codecs, shards = list(document.get("codecs") or ()), None
    if codecs and codecs[0]["name"] == "sharding_indexed":
        shards, inner = chunks, codecs[0]["configuration"]
        chunks, codecs = _sizes(inner["chunk_shape"], least=1), list(inner.get("codecs") or ())
    dtype, item, numeric = _type_v3(document["data_type"])
    names = [_codec(step["name"], step.get("configuration") or {}) for step in codecs]
    fill = attributes.get("_FillValue")
    return Array(
        path,
        _dimensions(document.get("dimension_names") or attributes.get("_ARRAY_DIMENSIONS"), shape),
        shape,
        dtype,
        item,
        numeric,
        chunks,
        shards,
        _same_length(chunks or shape, shape),
        ", ".join(name for name in names if name not in {"bytes", "crc32c", "vlen-utf8", "transpose"}),
        _base64_float(fill) if isinstance(fill, str) and dtype.startswith("float") else _number(fill),
        attributes,
    )


def _sizes(value: Any, *, least: int = 0) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(item) is int and least <= item < 2**63 for item in value):
        raise ValueError("a shape is a list of numbers")
    return tuple(value)


def _same_length(chunks: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    if len(chunks) != len(shape):
        raise ValueError("as many chunk sizes as dimensions")
    return chunks


def _dimensions(names: Any, shape: tuple[int, ...]) -> tuple[str, ...]:
    if not isinstance(names, list) or len(names) != len(shape):
        return ()
    return tuple(str(name) if isinstance(name, str) else "" for name in names)


def _codec(name: Any, step: Mapping[str, Any]) -> str:
    inner = step.get("cname")
    return f"{name} ({inner})" if isinstance(inner, str) else str(name)


def _type_v2(dtype: Any) -> tuple[str, int, bool]:
    """In words, with the bytes of an element, and whether it is a number or a time."""
    match = _V2_TYPE.fullmatch(dtype) if isinstance(dtype, str) else None
    if match is None:
        return "structured", 64, False
    _, kind, size, unit = match.groups()
    item = int(size or 8) if len(size) < 6 else 2**20
    if kind in _WORDS:
        word = _WORDS[kind] + (unit or "") if kind in "mM" else "bool" if kind == "b" else f"{_WORDS[kind]}{8 * item}"
        return word, item, kind != "c"
    return {"S": "bytes", "U": "text", "V": "raw bytes", "O": "object"}[kind], item * (4 if kind == "U" else 1), False


def _type_v3(dtype: Any) -> tuple[str, int, bool]:
    if isinstance(dtype, dict):
        name = str(dtype.get("name", "")).removeprefix("numpy.")
        unit = _mapping(dtype.get("configuration")).get("unit")
        times = name in {"datetime64", "timedelta64"}
        return (f"{name}[{unit}]" if times else name), 8, times
    match = _V3_TYPE.fullmatch(dtype)
    if match is None:
        return str(dtype), 64, False
    item = int(match[2] or 8) // 8 if len(match[2] or "") < 6 else 2**20
    return dtype, item, match[1] != "complex"


def _number(value: Any) -> Any:
    """A fill value that is a number; None for any other."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _base64_float(text: str) -> float | None:
    """As xarray writes ``_FillValue`` of floats into format 3: eight bytes of a double, in base64."""
    try:
        return float(struct.unpack("<d", base64.b64decode(text, validate=True))[0])
    except (binascii.Error, struct.error, ValueError):
        return None
