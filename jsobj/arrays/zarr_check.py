"""Whether every chunk of a Zarr in a bucket can be read: missing, forbidden, damaged or intact.

Readers see a missing chunk as fill value, and some libraries a forbidden one too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jsobj.arrays.concurrency import ByteLimit
from jsobj.arrays.object_bytes import fetch
from jsobj.arrays.zarr_grid import grid_of
from jsobj.errors import ExitCode, JsobjError
from jsobj.parallel_map import parallel_map
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.transfer.verify import DIFFERS, MISSING, Checked
from jsobj.transfer.zarr.names import ARRAY, GROUP, V3

INTACT, FORBIDDEN = "intact", "forbidden"
WORKERS = 32
_HELD = 64 * 1024**2  # bytes of chunks, which are held whole while they are compared


def is_zarr(store: Store, prefix: str) -> bool:
    """Whether there is a Zarr below ``prefix``. Raises what the store raises."""
    return any(head_or_none(store, prefix + name) for name in (V3, GROUP, ARRAY))


def check_zarr(store: Store, prefix: str, *, workers: int = WORKERS) -> Iterator[Checked]:
    """The verdict on each metadata document and each chunk that it describes, array by array.

    Every chunk is fetched and compared with its digest; nothing is kept. Raises :class:`JsobjError` for what ends the
    check: network trouble, no bucket, a listing that is not allowed.
    """
    limit = ByteLimit(workers, _HELD)

    def check(key: str) -> Checked:
        with limit.slot():
            found = _read(store, key)[0]
        limit.observe(found.size)
        return found

    for key in _metadata(store, prefix):
        found, text = _read(store, key)
        yield found
        if found.state == INTACT and not key.endswith(GROUP):
            try:
                grid = grid_of(key, bytes(text))
            except JsobjError as error:
                yield Checked(key, DIFFERS, error.context)
                continue
            yield from parallel_map(check, grid.keys() if grid is not None else (), workers, stop=store.stop)


def _metadata(store: Store, prefix: str) -> Iterator[str]:
    for listed in store.list(prefix):
        if listed.key.rpartition("/")[2] in {V3, ARRAY, GROUP}:
            yield listed.key


def _read(store: Store, key: str) -> tuple[Checked, bytearray]:
    try:
        found = fetch(store, key)
    except JsobjError as error:
        if error.code is ExitCode.REFUSED or error.code is ExitCode.AUTH:
            return Checked(key, FORBIDDEN, error.message), bytearray()
        if error.code is ExitCode.INTEGRITY:
            return Checked(key, DIFFERS, error.message), bytearray()
        raise
    if found is None:
        return Checked(key, MISSING, "reads as fill value"), bytearray()
    return Checked(key, INTACT, found.by, len(found.data)), found.data


def verdict(states: Iterable[str]) -> ExitCode:
    """8 where anything is damaged; 6 where something is forbidden; 5 where chunks are missing; else 0."""
    seen = set(states)
    for state, code in ((DIFFERS, ExitCode.INTEGRITY), (FORBIDDEN, ExitCode.REFUSED), (MISSING, ExitCode.NOT_FOUND)):
        if state in seen:
            return code
    return ExitCode.OK
