"""CSV as people write it, and what is wrong with a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.catalog.table import LARGEST_ROW, BadRow, Table, TableForm, TableRow
from jsobj.errors import ExitCode, JsobjError

PLAIN = TableForm()


def _read(tmp_path: Path, text: str | bytes, form: TableForm = PLAIN) -> tuple[tuple[str, ...], list[object]]:
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = Table(str(path), form)
    rows = list(table)
    table.close()
    return table.columns, [
        (row.line, *row.cells) if isinstance(row, TableRow) else (row.line, row.kind, row.reason) for row in rows
    ]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen(tmp_path: Path, mark: str) -> None:
    columns, rows = _read(tmp_path, f"a{mark}b c{mark}d\n1{mark}2{mark}3\n")
    assert (columns, rows) == (("a", "b c", "d"), [(2, "1", "2", "3")])


def test_quotes_line_ends_and_the_line_where_a_row_begins(tmp_path: Path) -> None:
    _, rows = _read(tmp_path, 'a,b\r\n"x, ""y""","two\nlines"\r\n\r\n007,=1+1\r\n')
    assert rows == [(2, 'x, "y"', "two\nlines"), (5, "007", "=1+1")]


def test_without_a_header_and_with_names_of_ones_own(tmp_path: Path) -> None:
    assert _read(tmp_path, "1|2\n3|4\n", TableForm(header=False)) == (
        ("column1", "column2"),
        [(1, "1", "2"), (2, "3", "4")],
    )
    assert _read(tmp_path, "x,y\n3,4\n", TableForm(columns=("a", "b"))) == (("a", "b"), [(2, "3", "4")])
    assert _read(tmp_path, "a,b\n'x,y',z\n", TableForm(quote="'"))[1] == [(2, "x,y", "z")]
    assert _read(tmp_path, 'a,b\n"x,y"\n', TableForm(quote=""))[1] == [(2, '"x', 'y"')]


def test_bad_rows_are_named_and_the_others_read(tmp_path: Path) -> None:
    data = b"a,b\n1\n1,2,3\nok,1\nx\0y,1\nna\xefve,1\nok,2\n"
    _, rows = _read(tmp_path, data)
    assert [row[0] for row in rows] == [2, 3, 4, 5, 6, 7]  # type: ignore[index]
    assert [row for row in rows if "ok" in row] == [(4, "ok", "1"), (7, "ok", "2")]  # type: ignore[operator]
    assert "has 1 cell, and there are 2 columns" in str(rows[0])
    assert "0xEF" in str(rows[4])
    assert _read(tmp_path, data, TableForm(encoding="latin-1"))[1][4] == (6, "na\u00efve", "1")


def test_a_quote_that_is_not_closed(tmp_path: Path) -> None:
    _, rows = _read(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert rows[0] == (2, "1", "2")
    assert rows[1][:2] == (3, "row")  # type: ignore[index]
    assert "lines 3 to 5 are left out" in str(rows[1])


def test_a_row_of_a_mebibyte_is_read_and_one_that_is_too_large_refused(tmp_path: Path) -> None:
    large = "x" * 1024**2
    _, rows = _read(tmp_path, f"a,b\n{large},1\n{'y' * (LARGEST_ROW - 1)},22\n")
    assert rows[0] == (2, large, "1")
    assert rows[1] == (3, "value", f"has more than {LARGEST_ROW} bytes")


@pytest.mark.parametrize(
    ("text", "form", "reference", "code"),
    [
        ("", TableForm(), "catalog-table-empty", ExitCode.LOCAL),
        ("a,,c\n1,2,3\n", TableForm(), "catalog-column", ExitCode.LOCAL),
        ("a,A\n1,2\n", TableForm(), "catalog-column", ExitCode.LOCAL),
        ("_key,a\n1,2\n", TableForm(), "catalog-column", ExitCode.LOCAL),
        ("a,b\n1,2\n", TableForm(columns=("a",)), "usage", ExitCode.USAGE),
        ("a,b\n1,2\n", TableForm(delimiter="ab"), "usage", ExitCode.USAGE),
        ("a,b\n1,2\n", TableForm(encoding="no-such"), "usage", ExitCode.USAGE),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, text: str, form: TableForm, reference: str, code: ExitCode) -> None:
    with pytest.raises(JsobjError) as caught:
        _read(tmp_path, text, form)
    assert (caught.value.reference, caught.value.code) == (reference, code)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JsobjError) as caught:
        Table(str(tmp_path / "none.csv"))
    assert (caught.value.reference, caught.value.code) == ("catalog-table-unreadable", ExitCode.LOCAL)


def test_a_bad_row_says_why() -> None:
    assert BadRow(3, "x").kind == "row"
