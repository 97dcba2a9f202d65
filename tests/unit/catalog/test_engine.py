"""The engine is shut off before it is asked: no file, no connection, no setting, and SELECT only."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.catalog.engine import ask, connect, lock, named, text
from jsobj.catalog.rows import Found
from jsobj.catalog.writing import write_file
from jsobj.errors import ExitCode, JsobjError

ATTACKS = [
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_parquet('{secret}')",
    "SELECT * FROM parquet_metadata('http://127.0.0.1:9/x')",
    "SELECT * FROM read_csv('http://127.0.0.1:9/x')",
    "SELECT * FROM query('SELECT * FROM read_csv(''{secret}'')')",
    "COPY (SELECT 1) TO '{folder}/made'",
    "COPY (SELECT 1) TO '{part}'",
    "ATTACH '{folder}/other.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET allowed_paths = ['{secret}']",
    "RESET lock_configuration",
    "PRAGMA enable_profiling",
    "CREATE TABLE t AS SELECT 1",
    "DROP VIEW seen",
    "EXPORT DATABASE '{folder}/out'",
    "SELECT 1; SELECT 2",
    "",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_gets_out(tmp_path: Path, attack: str) -> None:
    secret, part = tmp_path / "secret.csv", tmp_path / "part.parquet"
    secret.write_text("key\nhunter2\n")
    connection = connect(tmp_path)
    connection.execute(f"COPY (SELECT 1 AS a) TO {text(str(part))} (FORMAT parquet)")
    connection.execute(f"CREATE VIEW seen AS SELECT * FROM read_parquet({text(str(part))})")
    lock(connection, [str(part)])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(JsobjError) as caught:
        ask(connection.cursor(), attack.format(secret=secret, folder=tmp_path, part=part)).fetchall()
    assert caught.value.code is ExitCode.USAGE
    assert "hunter2" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    assert ask(connection.cursor(), "SELECT a FROM seen").fetchall() == [(1,)]
    connection.close()


def test_names_and_texts_are_quoted(tmp_path: Path) -> None:
    connection = connect(tmp_path)
    odd = """a"b'c; DROP TABLE x --\n"""
    assert connection.execute(f"SELECT {text(odd)} AS {named(odd)}").fetchall() == [(odd,)]
    assert connection.description[0][0] == odd
    connection.close()


def test_what_goes_wrong_as_rows_are_taken_is_said_plainly(tmp_path: Path) -> None:
    connection = connect(tmp_path)
    late = "SELECT CAST(if(range = 300000, 'x', '1') AS INTEGER) FROM range(400000)"
    with pytest.raises(JsobjError) as caught:
        Found(ask(connection, late)).rows()
    assert (caught.value.code, caught.value.reference) == (ExitCode.USAGE, "catalog-query")
    connection.close()


def test_engines_do_not_spill_into_one_folder(tmp_path: Path) -> None:
    folders = set()
    for _ in range(2):
        connection = connect(tmp_path)
        folders |= {connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0]}
        connection.close()
    assert len(folders) == 2


def test_a_file_that_cannot_be_written_is_a_fault_of_the_system(tmp_path: Path) -> None:
    connection = connect(tmp_path)
    rows = "SELECT 1 AS _key, 1 AS _loaded, 1 AS _line"
    with pytest.raises(OSError, match="none"):
        write_file(connection, rows, tmp_path / "none" / "part.parquet", {})
    connection.close()
