"""Parts that have columns of one name and several types are read as one table."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import duckdb
import pytest

from jsobj.catalog.union import mixed_columns, union

VALUES = {
    "BIGINT": "7",
    "DOUBLE": "7.5",
    "DATE": "'2026-05-01'",
    "TIME": "'10:00'",
    "TIMESTAMP": "'2026-05-01 10:00'",
    "BOOLEAN": "true",
    "VARCHAR": "'7'",
}


@pytest.mark.parametrize("kinds", [*permutations(VALUES, 2)])
def test_any_two_types(tmp_path: Path, kinds: tuple[str, str]) -> None:
    connection, files = duckdb.connect(), [str(tmp_path / f"{kind}.parquet") for kind in kinds]
    for kind, file, name in zip(kinds, files, ("Value", "value"), strict=True):
        connection.execute(
            f"COPY (SELECT {VALUES[kind]}::{kind} AS {name}, '{kind}' AS k) TO '{file}' (FORMAT parquet)"
        )
    for _ in range(2):  # found, and read from what was kept
        mixed = mixed_columns(connection, files, tmp_path / "kept.json")
        rows = connection.execute(f"SELECT k, value IS NOT NULL FROM ({union(files, mixed)}) ORDER BY ALL").fetchall()
        assert rows == [(kind, True) for kind in sorted(kinds)]
    assert bool(mixed) == (
        len({"VARCHAR", *kinds}) == 3 and {*kinds} not in ({"BIGINT", "DOUBLE"}, {"DATE", "TIMESTAMP"})
    )
