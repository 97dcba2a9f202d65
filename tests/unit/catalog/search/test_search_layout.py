"""What a column is to the search page, by its type."""

from __future__ import annotations

import pytest

from jsobj.catalog.search.layout import DATE, NUMBER, TEXT, Column


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        (NUMBER, ("BIGINT", "UTINYINT", "INTEGER", "int", "HUGEINT", "DOUBLE", "REAL", "DECIMAL(18,3)", "FLOAT")),
        (DATE, ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "DATETIME")),
        (
            TEXT,
            ("VARCHAR", "BOOLEAN", "UUID", "TIME", "INTERVAL", "BLOB", "INTEGER[]", "STRUCT(a INTEGER)", "JSON", ""),
        ),
    ],
)
def test_types(kind: str, types: tuple[str, ...]) -> None:
    assert {each: Column("x", each).kind for each in types} == dict.fromkeys(types, kind)
