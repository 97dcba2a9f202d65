"""Types of columns, and which texts are values of them."""

from __future__ import annotations

from datetime import date, datetime, time

import duckdb
import pytest

from jsobj.catalog.types import ColumnType, parse_type
from jsobj.errors import JsobjError


def test_types() -> None:
    assert parse_type("day=date:%d.%m.%Y") == ("day", ColumnType("DATE", "%d.%m.%Y"))
    assert parse_type("n=int") == ("n", ColumnType("BIGINT"))
    for bad in ("day", "day=", "day=BLOB", "=DATE", "n=INT:%d"):
        with pytest.raises(JsobjError):
            parse_type(bad)


VALUES = [
    ("BIGINT", " -7 ", -7),
    ("BIGINT", "12.0", 12),
    ("DOUBLE", "1.5e3", 1500.0),
    ("DOUBLE", "-inf", float("-inf")),
    ("DATE", "2026-5-1", date(2026, 5, 1)),
    ("DATE", "2026-05-01 00:00:00", date(2026, 5, 1)),
    ("TIME", "7:30", time(7, 30)),
    ("TIMESTAMP", "2026-05-01", datetime.fromisoformat("2026-05-01")),
    ("TIMESTAMP", "2026-05-01T10:00:00Z", datetime.fromisoformat("2026-05-01T10:00")),
    ("TIMESTAMP", "2026-05-01T10:00:00.5+02:00", datetime.fromisoformat("2026-05-01T08:00:00.500")),
    ("BOOLEAN", "true", True),
]
NONE = [
    ("BIGINT", "1.6"),
    ("BIGINT", "1_000"),
    ("BIGINT", "0x1f"),
    ("BIGINT", "99999999999999999999"),
    ("DOUBLE", "1e400"),
    ("DOUBLE", "1_0"),
    ("DATE", "2026-05-01 or so"),
    ("DATE", "2026-05-01 10:00"),
    ("DATE", "2026-02-30"),
    ("TIME", "10:00 or so"),
    ("TIME", "10:00:00.1234567"),
    ("TIMESTAMP", "2026-05-01 10:00 or so"),
    ("BOOLEAN", "perhaps"),
]


@pytest.mark.parametrize(("kind", "said", "value"), [*VALUES, *((*each, None) for each in NONE)])
def test_a_text_is_a_value_as_it_stands_or_is_none(kind: str, said: str, value: object) -> None:
    found = duckdb.execute(f"SELECT {ColumnType(kind).sql('said')} FROM (SELECT ?::VARCHAR AS said)", [said]).fetchall()
    assert found == [(value,)]
