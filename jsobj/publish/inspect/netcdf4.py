"""NetCDF 4 and other HDF5 files through h5netcdf, from ranges of an object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import h5netcdf

from jsobj.errors import JsobjError
from jsobj.publish.inspect.bounded import ObjectFile, TooMuch
from jsobj.publish.inspect.contents import Array, Contents, Unreadable, Window

_DEEPEST = 16  # groups inside groups
_MOST = 1000  # variables
_FILTERS = {"gzip": "zlib", "lzf": "lzf", "szip": "szip"}
_KNOWN = {"32001": "blosc", "32004": "lz4", "32008": "bitshuffle", "32013": "zfp", "32015": "zstd", "307": "bzip2"}


class NetCdf4Values:
    """An open file. Damage is :class:`Unreadable`."""

    def __init__(self, file: ObjectFile) -> None:
        self._raised = _Raised(file)
        with self._raised:
            self._opened = h5netcdf.File(file, "r", phony_dims="access", decode_vlen_strings=True)

    def close(self) -> None:
        """Close the file; the object stays as it is."""
        self._opened.close()

    def contents(self) -> Contents:
        """What the file says of itself."""
        with self._raised:
            return self._contents()

    def _contents(self) -> Contents:
        notes: list[str] = []
        arrays: list[Array] = []
        groups: list[str] = []
        sizes: dict[str, int] = {}
        for path, group in _groups(self._opened, "", 0):
            if path:
                groups.append(path)
            start = f"{path}/" if path else ""
            for name, dimension in group.dimensions.items():
                sizes[start + name if start and name in sizes else name] = int(dimension.size)
            for name, variable in group.variables.items():
                if len(arrays) >= _MOST:
                    notes.append(f"only the first {_MOST} variables were looked at")
                    break
                arrays.append(_array(start + name, variable))
        kind = "NetCDF 4" if self._is_netcdf() else "HDF5"
        return Contents(kind, _attributes(self._opened), tuple(arrays), tuple(groups), sizes, tuple(notes))

    def _is_netcdf(self) -> bool:
        attributes = self._opened._h5file.attrs
        named = any(not name.startswith("phony_dim_") for name in self._opened.dimensions)
        return "_NCProperties" in attributes or named

    def read(self, array: Array, window: Window) -> Any:
        """See :class:`jsobj.publish.inspect.contents.Values`."""
        import numpy as np

        with self._raised:
            return np.asarray(self._opened[array.name][window])


class _Raised:
    """HDF5 hides what the file beneath it raised, and raises this and that where data are damaged."""

    def __init__(self, file: ObjectFile) -> None:
        self._file = file

    def __enter__(self) -> None:
        self._file.failed = None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, Unreadable):
            if self._file.failed is not None:
                raise self._file.failed from None
            if isinstance(error, JsobjError | TooMuch):
                return
            raise Unreadable(f"the HDF5 library cannot read it ({type(error).__name__})") from error


def _groups(group: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    yield path, group
    if depth < _DEEPEST:
        for name, below in group.groups.items():
            yield from _groups(below, f"{path}/{name}" if path else name, depth + 1)


def _array(path: str, variable: Any) -> Array:
    dtype, shape = variable.dtype, tuple(int(size) for size in variable.shape)
    number = getattr(dtype, "kind", "O") in "biuf"
    chunks = variable.chunks and tuple(int(size) for size in variable.chunks)
    pieces = chunks or ((1, *shape[1:]) if len(shape) > 2 else shape)
    attributes = _attributes(variable)
    return Array(
        path,
        tuple(str(name).rpartition("/")[2] for name in variable.dimensions),
        shape,
        str(dtype) if number else "text" if str(dtype) in {"object", "<class 'str'>"} else str(dtype)[:80],
        int(getattr(dtype, "itemsize", 8)),
        number,
        chunks or None,
        None,
        pieces,
        _codec(variable),
        attributes.get("_FillValue"),
        attributes,
    )


def _codec(variable: Any) -> str:
    filters = [_FILTERS.get(str(variable.compression), str(variable.compression))] if variable.compression else []
    if variable.shuffle:
        filters.insert(0, "shuffle")
    if not variable.compression:
        filters += [_KNOWN[number] for number in variable._h5ds._filters if number in _KNOWN]
    return ", ".join(filters)


def _attributes(thing: Any) -> dict[str, Any]:
    found = {}
    for name in thing.attrs:
        try:
            found[str(name)] = _plain(thing.attrs[name])
        except (OSError, RuntimeError, ValueError, KeyError, TypeError):
            continue  # of a type that no library can read: it is left out
    return found


def _plain(value: Any) -> Any:
    """An attribute as a text, a number or a list of them."""
    import numpy as np

    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        values = [_plain(one) for one in value.ravel()[:1000]]
        return values[0] if len(values) == 1 else values
    return value.item() if isinstance(value, np.generic) else value
