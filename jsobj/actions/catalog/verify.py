"""Verify: what rows say of their objects, against the objects as they are.

One listing is merged with the rows, both in the order of the names' bytes, so that any number passes in little memory.
By size and ETag an object is only told to be the one that was there when its row was written; ``deep`` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeAlias

from jsobj.actions.catalog.own import is_made, is_own_name, may_be_own
from jsobj.actions.verify import Verification
from jsobj.arrays.zarr_check import FORBIDDEN
from jsobj.catalog.rows import Rows
from jsobj.errors import BadUsage, ExitCode, JsobjError, ObjectNotFound
from jsobj.export.snippets.kinds import ZARR_FILES
from jsobj.packing.open import StoresOfKeys
from jsobj.parallel_map import parallel_map
from jsobj.store.etag import is_md5
from jsobj.store.location import IN_ARCHIVE
from jsobj.store.values import Listed
from jsobj.transfer import verify
from jsobj.transfer.local.digest_list import DigestLine
from jsobj.transfer.verify import DIFFERS, EXTRA, MISSING, SAME, UNVERIFIED, Checked, Hashing

_AT_ONCE = 16
_FEW = 500  # objects that a condition leaves: these are asked for one by one, more are looked for in one listing
_BUNDLE = 500  # comparisons without a request, which are not worth a thread's attention each
_CLOSED = {ExitCode.REFUSED, ExitCode.AUTH}


@dataclass(frozen=True, slots=True)
class Said:
    """What rows say of an object. ``size`` None, ``etag`` and ``sha256`` "" where they do not."""

    name: str
    size: int | None
    etag: str
    sha256: str


# An object of rows and of the listing: None for the one that has it not.
Both: TypeAlias = tuple[Said | None, Listed | None]


def verify_rows(rows: Rows, where: str = "", *, deep: bool = False, extra: bool = False) -> Verification:
    """Objects against the rows that ``where`` (SQL) selects. Objects without a row are looked for where all rows are
    asked for and names may be listed; with ``extra`` they are a difference.

    Raises :class:`JsobjError`: usage (the condition; ``extra`` with one), refused (``extra``, and no name may be
    listed), and what the store raises.
    """
    if extra and where.strip():
        raise BadUsage("objects without a row are those that no row names: --extra takes no condition")
    chosen = f"(SELECT * FROM catalog WHERE (\n{where}\n))" if where.strip() else "catalog"
    objects, without = next(
        rows.ask(f"SELECT count(DISTINCT _object), count(*) FILTER (_object IS NULL) FROM {chosen}").tuples()
    )
    outcome = Verification(iter(()), extra, judge=verdict)
    if without:
        outcome.warnings.append(f"{without} row(s) name no object: there is nothing to compare")
    check = _Check(StoresOfKeys(rows.catalogue.store), rows.catalogue.prefix, deep)
    outcome.verdicts = _verdicts(rows, chosen, check, outcome, one_by_one=bool(where.strip()) and objects <= _FEW)
    return outcome


def _verdicts(rows: Rows, chosen: str, check: _Check, outcome: Verification, *, one_by_one: bool) -> Iterator[Checked]:
    store, prefix = rows.catalogue.store, rows.catalogue.prefix
    said = _said(rows, chosen)
    listing: Iterator[Listed] = iter(())
    if not one_by_one:
        try:
            listing = iter(store.list(prefix))
            listing = chain([first], listing) if (first := next(listing, None)) is not None else listing
        except JsobjError as error:
            if outcome.extra or error.code not in _CLOSED:
                raise
            outcome.warnings.append("objects without a row were not looked for: names may not be listed here")
            one_by_one = True
    if one_by_one:
        checks, size = replace(check, one_by_one=True), 1
        items: Iterator[Both] = ((each, None) for each in said)
    else:
        checks, size = replace(check, zarrs=_zarrs(rows)), 1 if check.deep else _BUNDLE
        items = merged(said, listing, prefix)
        if chosen != "catalog":
            items = (both for both in items if both[0] is not None)
    with closing(parallel_map(checks.all, _bundles(items, size), _AT_ONCE, stop=store.stop)) as done:
        for found in done:
            yield from found


def _said(rows: Rows, chosen: str) -> Iterator[Said]:
    found = rows.ask(
        f"SELECT DISTINCT _object, _size, coalesce(_etag, ''), coalesce(lower(_sha256), '') FROM {chosen} "
        f"WHERE _object IS NOT NULL ORDER BY ALL"
    )
    return (Said(*values) for values in found.tuples())


def _zarrs(rows: Rows) -> frozenset[str]:
    """The folders of the Zarrs that rows name by their metadata: what is in them has no row of its own."""
    last = ", ".join(f"'{name}'" for name in ZARR_FILES)
    found = rows.ask(f"SELECT DISTINCT _object FROM catalog WHERE split_part(_object, '/', -1) IN ({last})")
    return frozenset(name.rpartition("/")[0] for (name,) in found.tuples())


def _bundles(items: Iterator[Both], size: int) -> Iterator[list[Both]]:
    bundle: list[Both] = []
    for item in items:
        bundle.append(item)
        if len(bundle) >= size:
            yield bundle
            bundle = []
    if bundle:
        yield bundle


def merged(said: Iterable[Said], listing: Iterator[Listed], prefix: str) -> Iterator[Both]:
    """Both, in the order of the names' bytes. Several rows may say different things of one object."""
    ahead, used = next(listing, None), False
    for each in said:
        key = f"{prefix}{each.name}".encode()
        while ahead is not None and (there := ahead.key.encode("utf-8", "surrogateescape")) < key:
            if not used:
                yield None, ahead
            ahead, used = next(listing, None), False
        used = ahead is not None and there == key
        yield each, ahead if used else None
    while ahead is not None:
        if not used:
            yield None, ahead
        ahead, used = next(listing, None), False


@dataclass(frozen=True, slots=True)
class _Check:
    """Compares. ``zarrs``: folders whose objects belong to a row; ``one_by_one``: nothing was listed."""

    stores: StoresOfKeys
    prefix: str
    deep: bool
    zarrs: frozenset[str] = frozenset()
    one_by_one: bool = False

    def all(self, bundle: list[Both]) -> list[Checked]:
        """The verdicts on what there is to say something about."""
        return [found for both in bundle if (found := self._one(*both)) is not None]

    def _one(self, said: Said | None, there: Listed | None) -> Checked | None:
        if said is None:
            return self._without_row(there) if there is not None else None
        key = f"{self.prefix}{said.name}"
        try:
            if there is None and not self.one_by_one and IN_ARCHIVE not in key:
                return Checked(key, MISSING, "no such object", said.size or 0)
            if self.deep:
                return self._read(said, key)
            found = compared(said, there.size, there.etag) if there is not None else None
            if found is None or found[0] != SAME:  # what is listed may be older than what is there
                info = self.stores.of(key).head(key)
                found = compared(said, info.size, info.etag)
            return Checked(key, *found, said.size or 0)
        except ObjectNotFound:
            return Checked(key, MISSING, "no such object", said.size or 0)
        except JsobjError as error:
            if error.code not in _CLOSED:
                raise
            return Checked(key, FORBIDDEN, error.message, said.size or 0)

    def _without_row(self, there: Listed) -> Checked | None:
        name = there.key.removeprefix(self.prefix)
        parts = name.split("/")[:-1]
        if is_own_name(name, there.size) or any("/".join(parts[: n + 1]) in self.zarrs for n in range(len(parts))):
            return None
        if may_be_own(name) and is_made(self.stores.of(there.key), there.key):
            return None
        return Checked(there.key, EXTRA, "no such row", there.size)

    def _read(self, said: Said, key: str) -> Checked:
        """By the bytes of the object."""
        store = self.stores.of(key)
        if said.sha256:
            return verify.checked_by_digest(store, self.prefix, DigestLine(said.name, "sha256", said.sha256))
        if is_md5(said.etag):
            sink = Hashing("md5")
            info = store.get(key, sink).info
            if not info.large:
                same = sink.hexdigest() == said.etag
                return Checked(key, SAME if same else DIFFERS, "md5", info.size)
        info = store.head(key)
        state, by = compared(said, info.size, info.etag)
        if state == SAME:
            return Checked(key, UNVERIFIED, f"the row has no SHA-256; the same is {by}", info.size)
        return Checked(key, state, by, info.size)


def compared(said: Said, size: int, etag: str) -> tuple[str, str]:
    """State, and by what, of an object with this size and ETag."""
    if said.size is not None and said.size != size:
        return DIFFERS, f"size: {size}, in the row {said.size}"
    if not said.etag:
        return UNVERIFIED, "the row has no ETag"
    if said.etag == etag:
        return SAME, "size and ETag" if said.size is not None else "ETag"
    if is_md5(said.etag) != is_md5(etag):  # one object has two kinds of ETag, by the API that is asked
        return UNVERIFIED, "its ETag is of another kind: --deep reads it"
    return DIFFERS, "ETag"


def verdict(states: Iterable[str]) -> ExitCode:
    """As :func:`jsobj.transfer.verify.verdict`; 6 where nothing is worse than forbidden."""
    seen = set(states)
    if FORBIDDEN in seen and DIFFERS not in seen:
        return ExitCode.REFUSED
    return verify.verdict(seen)
