"""Which columns a scan fills, and what its outcome ends with."""

from __future__ import annotations

from jsobj.actions.catalog.scan import Scan, ScanWish
from jsobj.catalog.scanned import COLUMNS, LISTED, Changes
from jsobj.errors import ExitCode


def test_columns_are_those_that_were_asked_for() -> None:
    assert ScanWish().columns == tuple(LISTED)
    assert ScanWish(metadata=True, inspect=True).columns == tuple(COLUMNS)
    assert "format" not in ScanWish(metadata=True).columns


def test_what_could_not_be_read_is_an_exit_code() -> None:
    changes = Changes(1, 2, 3, 4)
    assert changes.rows == 6
    assert Scan("s3://b/", changes, 0).code is ExitCode.OK
    assert Scan("s3://b/", changes, 1).code is ExitCode.PARTIAL
