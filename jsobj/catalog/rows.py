"""The rows of a catalogue, as they can be asked: the newest of each key, and all that ever were."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsobj.catalog.compacted import replaced, replaced_by, said_by
from jsobj.catalog.engine import ask, connect, damaged, disk_of_ours, interruptible, lock, named, said_plainly, text
from jsobj.catalog.parts import Part, PartCache, list_parts
from jsobj.catalog.schema import OWN
from jsobj.catalog.union import Mixed, mixed_columns, union
from jsobj.catalog.writing import write_file
from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.store.digest_tries import TRIES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from jsobj.catalog.layout import Catalogue

_SHOWN = ("_object", "_url", "_size", "_sha256", "_etag", "_key", "_loaded", "_source", "_line")
_EVERY = "_every_row"  # the table of all rows of all parts
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: SQL for ``WHERE``, ``SELECT`` and ``ORDER BY``, or all of it as ``sql``."""

    where: str = ""
    select: str = ""
    order: str = ""
    limit: int | None = None
    sql: str = ""

    def statement(self, columns: Sequence[str]) -> str:
        """As one statement. What is given stands on lines of its own, so that a comment in it ends."""
        if self.sql:
            return self.sql
        parts = [f"SELECT\n{self.select or ', '.join(map(named, columns))}\nFROM catalog"]
        parts += [f"WHERE (\n{self.where}\n)"] if self.where.strip() else []
        order = self.order.strip() or ("" if self.select else "_key")  # whole rows come in the same order each time
        parts += [f"ORDER BY\n{order}\n"] if order else []
        parts += [f"LIMIT {self.limit}"] if self.limit is not None else []
        return "\n".join(parts)


class Found:
    """The rows that were found, which can be read once: iterate over dicts, or take all as a frame or a table."""

    def __init__(self, cursor: DuckDBPyConnection) -> None:
        self._cursor = cursor
        described = cursor.description or []
        self.columns: tuple[str, ...] = tuple(column[0] for column in described)
        self.types: tuple[str, ...] = tuple(str(column[1]) for column in described)

    def tuples(self) -> Iterator[tuple[Any, ...]]:
        """The rows as tuples, in the order of ``columns``."""
        while rows := self._next():
            yield from rows

    def _next(self) -> list[tuple[Any, ...]]:
        with said_plainly():  # a cell may turn out only now not to be what the question takes it for
            return interruptible(self._cursor, lambda: self._cursor.fetchmany(_BATCH))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self.tuples():
            yield dict(zip(self.columns, row, strict=True))

    def rows(self) -> list[dict[str, Any]]:
        """All rows."""
        return list(self)

    def pandas(self) -> Any:
        """All rows as a ``pandas.DataFrame``. Raises :class:`JsobjError` (local) where pandas is not installed."""
        return self._made("pandas", "pandas numpy", lambda: self._cursor.df())

    def polars(self) -> Any:
        """All rows as a ``polars.DataFrame``. Raises as :meth:`pandas`."""
        return self._made("polars", "polars pyarrow", lambda: self._cursor.pl())

    def arrow(self) -> Any:
        """All rows as a ``pyarrow.Table``. Raises as :meth:`pandas`."""
        return self._made("pyarrow", "pyarrow", lambda: self._cursor.to_arrow_table())

    def _made(self, library: str, needed: str, make: Any) -> Any:
        try:
            __import__(library)
            with said_plainly():
                return make()
        except ImportError as error:
            raise JsobjError(
                "catalog-needs-library",
                f"{library} is not installed here",
                code=ExitCode.LOCAL,
                context=str(error),
                hint=f"pip install {needed}",
            ) from error


class Rows:
    """The rows of one catalogue as they were when this was made; a context manager.

    Only parts that this computer has not yet are fetched. Raises :class:`JsobjError`: not found where there is no
    catalogue, integrity, local, and what the store raises.
    """

    def __init__(self, catalogue: Catalogue, cache: Path, *, write_to: Sequence[str] = ()) -> None:
        self.catalogue = catalogue
        self._cache = PartCache(cache, catalogue)
        self._connection = connect(self._cache.folder)
        try:
            self._fetch()
            self._make_views(self._files)
            lock(self._connection, [*self._files, *map(str, self._derived), *write_to])
        except BaseException as error:
            import duckdb

            self._connection.close()
            if isinstance(error, duckdb.Error):
                raise damaged(error) from error
            raise
        self._cache.forget(self.listed, self._derived)

    def _fetch(self) -> None:
        for _ in range(TRIES):
            self.listed = list_parts(self.catalogue)
            try:
                self.replaced = replaced(self._connection, self._cache, self.listed)
                self.parts = tuple(part for part in self.listed if part.name not in self.replaced)
                self._files = [str(file) for file in self._cache.fetched(self.parts)]
                return
            except ObjectNotFound as error:  # a part that was compacted, and has gone since
                gone = error
        raise gone

    def _make_views(self, files: list[str]) -> None:
        connection = self._connection
        self._derived: list[Path] = []
        self._mixed: Mixed = {}
        if not files:
            none = ", ".join(f"NULL::{kind} AS {name}" for name, kind in OWN.items())
            connection.execute(f"CREATE TABLE {_EVERY} AS SELECT {none}, '' AS _file, 0 AS file_row_number LIMIT 0")
        else:
            kept = self._cache.folder / f"types-{_which(files)}.json"
            self._mixed = mixed_columns(connection, files, kept)
            self._derived.append(kept)
            reads = union(files, self._mixed, ", filename='_file', file_row_number=true")
            connection.execute(f"CREATE VIEW {_EVERY} AS {reads}")
        described = connection.execute(f"DESCRIBE {_EVERY}").fetchall()
        own = {*OWN, "_file", "file_row_number"}
        self.types = {name: kind for name, kind, *_ in described if name not in own}
        self.columns = (*self.types, *_SHOWN)
        shown = ", ".join(map(named, self.columns))
        newest = f"SELECT {shown} FROM {_EVERY}"
        if older := self._superseded(files):
            self._derived.append(older)
            gone = f"read_parquet({text(str(older))})"
            newest += f" ANTI JOIN {gone} USING (_file, file_row_number)"
        connection.execute(f"CREATE VIEW catalog AS {newest}")
        # The same row may stand in two parts, where two programs compacted at once.
        connection.execute(f"CREATE VIEW history AS SELECT DISTINCT {shown}, _deleted FROM {_EVERY}")

    def _superseded(self, files: list[str]) -> Path | None:
        """The file that names all rows which a newer one replaces, or that are deletions; None where none does.

        It is made once for the same parts: finding the newest row of each key takes longer than most questions.
        """
        if not files:
            return None
        which = _which(files)
        path, none = self._cache.folder / f"older-{which}.parquet", self._cache.folder / f"older-{which}.none"
        if none.exists():
            self._derived.append(none)
            return None
        if not path.exists():
            # Few keys are there twice: only their rows are put in order.
            self._connection.execute(
                f"CREATE TEMP TABLE twice AS SELECT _key FROM {_EVERY} GROUP BY _key "
                f"HAVING count(*) > 1 OR bool_or(coalesce(_deleted, false))"
            )
            if self._connection.execute("SELECT count(*) FROM twice").fetchall()[0][0] == 0:
                none.touch(mode=0o600)
                return None
            temp = self._cache.folder / f".{os.getpid()}-{threading.get_ident()}-{path.name}"
            try:
                self._connection.execute(
                    f"COPY (SELECT _file, file_row_number FROM (SELECT _file, file_row_number, _deleted, "
                    f"row_number() OVER (PARTITION BY _key ORDER BY _loaded DESC, _line DESC, _file, file_row_number) "
                    f"AS place "
                    f"FROM {_EVERY} SEMI JOIN twice USING (_key)) WHERE place > 1 OR _deleted) "
                    f"TO {text(str(temp))} (FORMAT parquet)"
                )
                temp.chmod(0o600)
                temp.replace(path)
            finally:
                with suppress(OSError):
                    temp.unlink(missing_ok=True)
        return path

    @property
    def files(self) -> tuple[str, ...]:
        """The files of ``parts`` on this computer."""
        return tuple(self._files)

    def find(self, wish: Wish = Wish()) -> Found:
        """The rows that are wanted. Raises :class:`JsobjError` (usage) for a query that cannot be run."""
        return self.ask(wish.statement(self.columns))

    def ask(self, sql: str, values: Sequence[Any] = ()) -> Found:
        """The answer to one SELECT over ``catalog`` and ``history``. Raises as :meth:`find`."""
        return Found(ask(self._connection.cursor(), sql, values))

    def each(self, wish: Wish, column: str) -> Iterator[str]:
        """The values of a column, each once, of the rows that are wanted and in their order. Raises as :meth:`find`."""
        chosen = replace(wish, select=named(column), order=wish.order.strip() or "_key").statement(())
        places = f"SELECT {named(column)} AS it, row_number() OVER () AS place FROM (\n{chosen}\n)"
        found = self.ask(f"SELECT it FROM ({places}) WHERE it IS NOT NULL GROUP BY it ORDER BY min(place)")
        return (value for (value,) in found.tuples())

    def write_parquet(self, wish: Wish, path: str) -> None:
        """Write what is wanted as Parquet; ``path`` must be one of ``write_to``. As :meth:`find`; or OSError."""
        sql = wish.statement(self.columns)
        ask(self._connection.cursor(), f"SELECT * FROM (\n{sql}\n) LIMIT 0")  # what it is, before it is copied
        copy = f"COPY (\n{sql}\n) TO {text(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
        cursor = self._connection.cursor()
        with said_plainly(), disk_of_ours():
            interruptible(cursor, lambda: cursor.execute(copy))

    def all_columns(self) -> dict[str, str]:
        """The columns of all rows that ever were, deletions too, and their types."""
        found = self.ask(f"SELECT * EXCLUDE (_file, file_row_number) FROM {_EVERY} LIMIT 0")
        return dict(zip(found.columns, found.types, strict=True))

    def write_all(self, path: Path, said: Mapping[str, Any]) -> None:
        """Write all rows that ever were as one part; ``said``: what it says about itself."""
        with closing(connect(path.parent)) as connection:
            write_file(connection, f"SELECT DISTINCT * FROM ({union(self._files, self._mixed)})", path, said)

    def about(self, part: Part) -> dict[str, Any]:
        """What one of ``parts`` says about itself."""
        return said_by(self._connection, self._files[self.parts.index(part)])

    def replaced_by(self, part: Part) -> frozenset[str]:
        """The names of the parts that one of ``listed`` stands for; of none where it has gone meanwhile."""
        with suppress(ObjectNotFound), closing(connect(self._cache.folder)) as connection:
            return replaced_by(connection, self._cache, part)
        return frozenset()

    def close(self) -> None:
        """Close the engine."""
        self._connection.close()

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _which(files: Sequence[str]) -> str:
    """What names the files that are made once for the same parts."""
    return hashlib.sha256("\0".join(files).encode()).hexdigest()[:24]
