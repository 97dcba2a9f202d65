"""A catalogue, as a Python program works with it: the same rows as ``jsobj catalog``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsobj.errors import BadUsage
from jsobj.identity.settings import Settings
from jsobj.store.location import Location, parse_location

if TYPE_CHECKING:
    from jsobj.actions.catalog.change import Changed
    from jsobj.actions.catalog.compact import Compaction
    from jsobj.actions.catalog.export import Exported
    from jsobj.actions.catalog.load import Loaded
    from jsobj.actions.catalog.scan import Scan
    from jsobj.actions.catalog.summary import CatalogueSummary
    from jsobj.actions.stores import BucketStores
    from jsobj.api.results import VerifyResult
    from jsobj.catalog.rows import Found, Rows
    from jsobj.catalog.table import BadRow
    from jsobj.store.open import StoreRequest
    from jsobj.transfer.verify import Checked


@dataclass(frozen=True, slots=True)
class Catalog:
    """Rows of metadata beside objects. Made by ``jsobj.connect(...).catalog(url)``; holds names only, no connection.

    Methods raise :class:`jsobj.errors.JsobjError`: not found where there is no catalogue (``catalog-missing``), local
    where DuckDB is not installed (``pip install 'jsobj[catalog]'``), and what the store raises.
    """

    place: Location
    request: StoreRequest

    def query(
        self, where: str = "", *, select: str = "", order: str = "", limit: int | None = None, sql: str = ""
    ) -> Answer:
        """Find rows; only the newest of each key counts.

        Parameters
        ----------
        where, select, order:
            SQL of DuckDB: a condition, columns, columns.
        sql:
            A whole SELECT over ``catalog`` and ``history``, instead.

        Returns
        -------
        Answer
            Iterate over it for dicts, or take ``rows()``, ``pandas()``, ``polars()`` or ``arrow()``.

        Raises
        ------
        JsobjError
            Usage for a question that cannot be run.

        Examples
        --------
        >>> jsobj.connect("js2").catalog("s3://results/").query("experiment = 'e7'").pandas()
        """
        from jsobj.catalog.rows import Wish

        if sql and (where or select or order or limit is not None):
            raise BadUsage("sql is the whole question: give nothing with it")
        stack = ExitStack()
        with stack:
            rows = stack.enter_context(self._rows())
            return Answer(rows.find(Wish(where, select, order, limit, sql)), stack.pop_all())

    def load(
        self,
        table: str | os.PathLike[str],
        *,
        files: str | os.PathLike[str] = "",
        key: str = "",
        row: str = "",
        path: str = "",
        types: Mapping[str, str] | None = None,
        delimiter: str = "",
        quote: str = '"',
        header: bool = True,
        columns: Sequence[str] = (),
        encoding: str = "utf-8-sig",
        by: str = "",
        again: bool = False,
        refuse: Callable[[BadRow], None] | None = None,
    ) -> Loaded:
        """Send files, and a table with a row for each; see ``jsobj catalog load --help``.

        Parameters
        ----------
        table:
            A CSV.
        files:
            The folder with the files that the column ``path`` names.
        types:
            Types of columns that are not text, such as ``{"date": "DATE"}``.
        refuse:
            Called with each row that is not loaded; without it, a warning tells how many were not.

        Returns
        -------
        Loaded
            ``load.rows``, ``load.refused``; ``new``: whether rows were added.
        """
        from jsobj.actions.catalog.load import LoadWish, load
        from jsobj.actions.context import action_context
        from jsobj.catalog.table import TableForm
        from jsobj.catalog.types import parse_type
        from jsobj.transfer.options import checked_options

        form = TableForm(delimiter, quote, header, tuple(columns), encoding)
        typed = tuple(parse_type(f"{name}={kind}") for name, kind in (types or {}).items())
        wish = LoadWish(os.fspath(table), os.fspath(files), key, row, path, types=typed, form=form, again=again, by=by)
        bad: list[BadRow] = []
        with action_context(Settings.read(), self.request, lambda event: None) as context:
            done = load(context, self.place, wish, checked_options(), refuse=refuse or bad.append)
        if bad:
            text = f"{len(bad)} rows were not loaded; the first: line {bad[0].line}: {bad[0].reason}"
            warnings.warn(text, stacklevel=2)
        return done

    def add(self, key: str, values: Mapping[str, str] | None = None, /, *, by: str = "", **more: str) -> Changed:
        """Add a row, or change columns of the one that has this key; ``values``: also where a column is called ``by``.

        Raises usage.
        """
        from jsobj.actions.catalog.change import add

        with self._stores() as stores:
            return add(stores, self.place, key, {**(values or {}), **more}, by=by)

    def delete(self, key: str, *, by: str = "") -> Changed:
        """Delete a row; its object stays. Raises not found."""
        from jsobj.actions.catalog.change import delete

        with self._stores() as stores:
            return delete(stores, self.place, key, by=by)

    def history(self, key: str) -> list[dict[str, Any]]:
        """All that a row ever was, the newest first. Raises not found."""
        from jsobj.actions.catalog.change import history

        with self._rows() as rows:
            return history(rows, key)

    def show(self) -> CatalogueSummary:
        """Columns, counts, and who loaded what when."""
        from jsobj.actions.catalog.summary import summary

        with self._stores() as stores:
            return summary(stores, self.place)

    def compact(self, *, grace: float = 7 * 86400.0) -> Compaction:
        """Make one part of many; ``grace``: seconds for which replaced parts stay."""
        from jsobj.actions.catalog.compact import compact

        with self._stores() as stores:
            return compact(stores, self.place, grace=grace)

    def scan(
        self,
        *,
        metadata: bool = False,
        inspect: bool = False,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        by: str = "",
        listen: Callable[[str, str], None] | None = None,
    ) -> Scan:
        """Make rows of what is there already; again, add what is new or changed, and delete what is gone.

        Parameters
        ----------
        metadata:
            Content type and user metadata of each object, too.
        inspect:
            What is in NetCDF files and Zarrs, too (``pip install 'jsobj[publish]'``).
        include, exclude:
            Patterns, as for uploads.
        listen:
            Called with each object that could not be read, and why; without it, a warning tells how many there were.
        """
        from jsobj.actions.catalog.scan import ScanWish, scan
        from jsobj.transfer.filters import Filters

        wish = ScanWish(metadata, inspect, Filters.of(include, exclude), by)
        with self._stores() as stores:
            done = scan(stores, self.place, wish, tell=listen or (lambda name, reason: None))
        if done.failed and listen is None:
            warnings.warn(f"{done.failed} objects could not be read", stacklevel=2)
        return done

    def verify(
        self,
        where: str = "",
        *,
        deep: bool = False,
        extra: bool = False,
        listen: Callable[[Checked], object] = lambda checked: None,
    ) -> VerifyResult:
        """Compare rows with the objects that they name.

        Parameters
        ----------
        where:
            A condition in SQL; "" for all rows.
        deep:
            Read each object, and compare its SHA-256; else size and ETag are compared.
        extra:
            Objects without a row are a difference too.
        listen:
            Called with each verdict, also those that are fine.
        """
        from jsobj.actions.catalog.verify import verify_rows
        from jsobj.api.results import VerifyResult

        differences = []
        with self._rows() as rows:
            found = verify_rows(rows, where, deep=deep, extra=extra)
            for checked in found:
                listen(checked)
                if not found.is_fine(checked):
                    differences.append(checked)
        if found.warning:
            warnings.warn(found.warning, stacklevel=2)
        return VerifyResult(dict(found.counts), tuple(differences), found.code)

    def export(self, path: str | os.PathLike[str], form: str, where: str = "") -> Exported:
        """Write rows to a file.

        Parameters
        ----------
        form:
            ``csv``, ``parquet``, ``stac-geoparquet``, ``dynamodb-json`` or ``ducklake``.
        where:
            A condition in SQL; "" for all rows.

        Returns
        -------
        Exported
            ``rows`` were written; ``left_out``: how many could not be, by reason.
        """
        from jsobj.actions.catalog.export import export

        with self._stores() as stores:
            return export(stores, self.place, form, os.fspath(path), where)

    @contextmanager
    def _stores(self) -> Iterator[BucketStores]:
        from jsobj.actions.stores import BucketStores

        with BucketStores(Settings.read(), self.request) as stores:
            yield stores

    @contextmanager
    def _rows(self) -> Iterator[Rows]:
        from jsobj.actions.catalog.query import open_rows

        with self._stores() as stores, open_rows(stores, self.place) as rows:
            yield rows


class Answer:
    """The rows that were found. They can be read once; what was opened for them is closed at the end."""

    def __init__(self, found: Found, opened: ExitStack) -> None:
        self._found, self._opened = found, opened
        self.columns = found.columns

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self._opened:
            yield from self._found

    def rows(self) -> list[dict[str, Any]]:
        """All rows, as dicts."""
        return list(self)

    def pandas(self) -> Any:
        """All rows as a ``pandas.DataFrame``. Raises :class:`jsobj.errors.JsobjError` (local) without pandas."""
        with self._opened:
            return self._found.pandas()

    def polars(self) -> Any:
        """All rows as a ``polars.DataFrame``. Raises as :meth:`pandas`."""
        with self._opened:
            return self._found.polars()

    def arrow(self) -> Any:
        """All rows as a ``pyarrow.Table``. Raises as :meth:`pandas`."""
        with self._opened:
            return self._found.arrow()


def catalog(url: str, request: StoreRequest) -> Catalog:
    """See :meth:`jsobj.api.connection.Connection.catalog`."""
    return Catalog(parse_location(url, public=True), request)
