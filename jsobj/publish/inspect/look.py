"""Datasets as they are found in a bucket: a Zarr below a prefix, or a NetCDF file.

Nothing of what is inside can end the publishing of a page: what cannot be shown becomes a note. Only the store's own
errors, such as a network that is down, are raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.util import find_spec

from jsobj.errors import ExitCode, JsobjError
from jsobj.publish.dataset import Dataset
from jsobj.publish.inspect.bounded import ObjectFile, Reader, TooMuch
from jsobj.publish.inspect.contents import Unreadable, Values
from jsobj.publish.inspect.describe import described
from jsobj.publish.inspect.netcdf3 import NetCdf3Values, read_header
from jsobj.publish.inspect.zarr_metadata import contents_of, read_tree
from jsobj.store.objects import Store

_NETCDF = (".nc", ".nc4", ".cdf", ".h5", ".hdf5", ".he5")
_CLASSIC, _HDF = b"CDF", b"\x89HDF\r\n\x1a\n"


def installed(library: str) -> bool:
    """Whether a library of the extra ``publish`` is there."""
    return find_spec(library) is not None


def is_netcdf(name: str) -> bool:
    """Whether a key's name is that of a NetCDF or HDF5 file."""
    return name.lower().endswith(_NETCDF)


def datasets(store: Store, prefix: str, names: Iterable[str], *, zarr: bool) -> tuple[Dataset, ...]:
    """What a page of ``prefix`` (ends in a slash, or "") shows: the Zarr that it is, or the first NetCDF file in it.

    ``names``: of the objects, below the prefix. Raises :class:`JsobjError` as the store does.
    """
    if zarr:
        found = zarr_dataset(store, prefix)
        return (found,) if found is not None else ()
    files = sorted(name for name in names if is_netcdf(name))
    found = netcdf_dataset(store, prefix, files[0]) if files else None
    if found is not None and len(files) > 1:
        found = replace(found, notes=(f"it is the first of {len(files)} such files here", *found.notes))
    return (found,) if found is not None else ()


def zarr_dataset(
    store: Store, prefix: str, place: str = "", *, reader: Reader | None = None, picture: bool = True
) -> Dataset | None:
    """The Zarr below ``prefix`` + ``place``; None where there is none. ``picture``: whether one is made."""
    reader = reader or Reader(store)

    def look() -> Dataset | None:
        tree = read_tree(reader, prefix + place)
        if tree is None:
            return None
        values: Values | None = None
        if installed("zarr"):
            from jsobj.publish.inspect.zarr_values import ZarrValues

            values = ZarrValues(reader, prefix + place, tree)
        return described(contents_of(tree), values, place, picture=picture)

    return _safely(look, "Zarr", place)


def netcdf_dataset(
    store: Store, prefix: str, place: str, *, reader: Reader | None = None, picture: bool = True
) -> Dataset | None:
    """The file with the key ``prefix`` + ``place``; None where there is none, or it is another kind of file.

    ``picture``: whether one is made.
    """
    reader = reader or Reader(store)

    def look() -> Dataset | None:
        info = reader.info(prefix + place)
        if info is None:
            return None
        head = reader.range(info, 0, 8)
        if head.startswith(_CLASSIC):
            contents, layouts = read_header(reader, info)
            values = NetCdf3Values(reader, info, layouts) if installed("numpy") else None
            return described(contents, values, place, picture=picture)
        if head != _HDF or not installed("h5netcdf"):
            return None
        from jsobj.publish.inspect.netcdf4 import NetCdf4Values

        opened = NetCdf4Values(ObjectFile(reader, info))
        try:
            return described(opened.contents(), opened, place, picture=picture)
        finally:
            opened.close()

    return _safely(look, "NetCDF", place)


def _safely(look: Callable[[], Dataset | None], kind: str, place: str) -> Dataset | None:
    """What was found; of what is damaged a note."""
    try:
        return look()
    except (Unreadable, TooMuch) as reason:
        return Dataset(kind, place, notes=(f"it could not be read: {reason}",))
    except JsobjError as error:
        if error.code is not ExitCode.INTEGRITY:
            raise
        return Dataset(kind, place, notes=(f"it could not be read: {error.message}",))
    except Exception as error:  # noqa: BLE001 - a stranger's file must not keep a page from being made
        return Dataset(kind, place, notes=(f"it could not be read ({type(error).__name__})",))
