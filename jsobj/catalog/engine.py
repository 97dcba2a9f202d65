"""DuckDB, as it is used here: without foreign extensions, and shut off from files and network before it is asked.

What somebody asks may come from somebody else. So a statement must be a SELECT, and the engine reads the files of the
parts and no other: that is set before the first question, and cannot be set back (``lock_configuration``).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from jsobj.errors import ExitCode, JsobjError
from jsobj.parallel_map import awaited

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Made = TypeVar("Made")

_MEMORY = "1GB"
SPILLED = "spilled-"  # how the names of folders begin that engines spill into


def connect(folder: Path, *, file: str = ":memory:", memory: str = _MEMORY) -> DuckDBPyConnection:
    """An engine that spills into ``folder`` what does not fit into ``memory``.

    Raises :class:`JsobjError` (local) where DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as error:
        raise JsobjError(
            "catalog-needs-duckdb",
            "DuckDB is not installed here",
            code=ExitCode.LOCAL,
            context=str(error),
            hint="pip install 'jsobj[catalog]'",
        ) from error
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": memory,
        # Of this engine alone: DuckDB names its files in it always the same, whoever else has that folder.
        "temp_directory": str(folder / f"{SPILLED}{uuid4().hex}"),
    }
    return duckdb.connect(file, config=settings)


def lock(connection: DuckDBPyConnection, files: Sequence[str]) -> None:
    """From now on no file but these is opened, no connection is made, and no setting changes."""
    connection.execute(f"SET allowed_paths = {texts(files)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def interruptible(cursor: DuckDBPyConnection, work: Callable[[], Made]) -> Made:
    """Do ``work`` with a cursor in another thread, so that Ctrl-C is seen here, and ends it."""
    with ThreadPoolExecutor(1, thread_name_prefix="engine") as pool:
        future = pool.submit(work)
        try:
            return awaited(future)
        except BaseException:
            if not future.done():
                cursor.interrupt()
            raise


def ask(connection: DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> DuckDBPyConnection:
    """Run a question. Raises :class:`JsobjError` (usage) for what is wrong with it, or is no single SELECT."""
    import duckdb

    with said_plainly():
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise JsobjError(
                "catalog-query",
                "a query is one SELECT",
                code=ExitCode.USAGE,
                hint="nothing else is run: jsobj catalog --help names the commands that change rows",
            )
        return interruptible(connection, lambda: connection.execute(statements[0], list(values) or None))


@contextmanager
def said_plainly() -> Iterator[None]:
    """Make a :class:`JsobjError` of what DuckDB says: of a question as it is asked, and as its rows are taken."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise JsobjError(
            "catalog-query-too-large",
            "the query needs more memory than it may have",
            code=ExitCode.LOCAL,
            context=_said(error),
            hint="ask for fewer rows, or for less at once",
        ) from error
    except duckdb.Error as error:
        # One of no kind is of a library that DuckDB reads Parquet with.
        inside = duckdb.IOException | duckdb.InternalException | duckdb.FatalException
        if isinstance(error, inside) or type(error) is duckdb.Error:
            raise damaged(error) from error
        raise JsobjError(
            "catalog-query",
            f"the query cannot be run: {_said(error).splitlines()[0]}",
            code=ExitCode.USAGE,
            context=_said(error),
            hint="names of columns: jsobj catalog show URL; text stands in 'single quotes'",
        ) from error


@contextmanager
def disk_of_ours() -> Iterator[None]:
    """Raise OSError for what DuckDB says where a file of ours cannot be written: a full disk is no bug."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:  # the latter where it cannot spill
        raise OSError(errno.EIO, _said(error)) from error


def damaged(error: Exception) -> JsobjError:
    """The error for files that the engine cannot read."""
    return JsobjError(
        "catalog-cache-damaged",
        "the rows cannot be read",
        code=ExitCode.LOCAL,
        context=_said(error),
        hint="delete the cache, which is then fetched again: rm -r ${XDG_CACHE_HOME:-~/.cache}/jsobj/catalog",
    )


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def texts(values: Sequence[str]) -> str:
    """A list of texts as SQL writes it."""
    return f"[{', '.join(map(text, values))}]"


def named(column: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


def _said(error: Exception) -> str:
    return str(error).strip()
