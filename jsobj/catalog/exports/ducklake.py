"""A frozen DuckLake: one small file with which DuckDB reads a catalogue's parts where they are, for as long as they do.

The parts stay; the file names their addresses, columns and statistics, and has the views that make rows of them. It is
read-only for everybody: nothing in it is written again. DuckDB's extension comes from a package of the same version.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.catalog.engine import connect, named, text
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PACKAGE = "duckdb-extension-ducklake"
_NEWEST = """
SELECT * EXCLUDE (_deleted) FROM history
QUALIFY row_number() OVER (PARTITION BY _key ORDER BY _loaded DESC, _line DESC) = 1 AND NOT _deleted
"""


def write_lake(parts: Mapping[str, str], columns: Mapping[str, str], path: str, folder: Path, base: str) -> None:
    """Write the file. ``parts``: files here to their addresses; ``columns``: names and types over all of them;
    ``base``: the address that those of parts begin with.

    Raises :class:`JsobjError` (local) without the extension, and where a column has several types.
    """
    import duckdb

    with closing(connect(folder)) as connection:
        _load(connection)
        connection.execute(f"ATTACH {text(f'ducklake:{path}')} AS lake (DATA_PATH {text(f'{folder}/')})")
        typed = ", ".join(f"{named(name)} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE lake.history ({typed})")
        try:
            for file in parts:
                connection.execute(
                    f"CALL ducklake_add_data_files('lake', 'history', {text(file)}, allow_missing => true)"
                )
        except duckdb.Error as error:
            raise JsobjError(
                "catalog-ducklake",
                "the parts cannot be read as one table of DuckLake",
                code=ExitCode.LOCAL,
                context=str(error).strip(),
                hint="where a column has another type in another part, make one part of all: jsobj catalog compact URL",
            ) from error
        connection.execute(f"CREATE VIEW lake.catalog AS {_NEWEST}")
        connection.execute("DETACH lake")
    # The extension reads files, and has no request to make: the addresses come after it.
    with closing(duckdb.connect(path)) as connection:
        connection.execute("UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'", [base])
        for file, address in parts.items():
            connection.execute("UPDATE ducklake_data_file SET path = ? WHERE path = ?", [address, file])


def _load(connection: DuckDBPyConnection) -> None:
    """Load the extension of exactly this DuckDB, which no other one takes; nothing is fetched, or installed."""
    import duckdb

    found = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    version = f"v{duckdb.__version__}"
    if found is not None and found.origin is not None:
        file = Path(found.origin).parent / "extensions" / version / "ducklake.duckdb_extension"
        if file.is_file():
            connection.execute(f"LOAD {text(str(file))}")
            return
    raise JsobjError(
        "catalog-needs-ducklake",
        f"DuckDB's extension ducklake for {version} is not installed here",
        code=ExitCode.LOCAL,
        hint=f"pip install {PACKAGE}=={duckdb.__version__}",
    )
