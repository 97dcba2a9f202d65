"""Rows in shards: everything is in them once, and a change of one row changes one shard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from jsobj.catalog.search.layout import Column
from jsobj.catalog.search.shards import LONGEST, Shard, shards, written

KEY = Column("_key")


def cells(made: Iterable[Shard]) -> Iterator[tuple[str, ...]]:
    """The rows again, as a browser reads them."""
    for shard in made:
        value = json.loads(shard.body)
        assert value["rows"] == shard.rows
        columns = [text.split(mark) for mark, text in value["columns"]]
        assert {len(column) for column in columns} == {shard.rows}
        yield from zip(*columns, strict=True)


def test_every_row_once_and_in_order() -> None:
    rows = [(f"k{n:06d}", n) for n in range(50_000)]
    made = list(shards([KEY, Column("n", "BIGINT")], iter(rows)))
    assert list(cells(made)) == [(key, str(n)) for key, n in rows]
    assert len(made) > 1
    assert max(shard.rows for shard in made) <= 32_000
    assert [(shard.first, shard.last) for shard in made[:1]] == [("k000000", f"k{made[0].rows - 1:06d}")]
    assert made[0].ranges == {"1": (0.0, made[0].rows - 1.0)}
    assert [shard.name for shard in shards([KEY, Column("n", "BIGINT")], rows)] == [shard.name for shard in made]


def test_a_row_more_changes_one_shard() -> None:
    rows = [(f"k{n:06d}",) for n in range(100_000)]
    before = {shard.name for shard in shards([KEY], rows)}
    for place in (0, 55_555, 99_999):
        after = {shard.name for shard in shards([KEY], [*rows[:place], (f"k{place:06d}-",), *rows[place:]])}
        assert len(after - before) <= 2


@pytest.mark.parametrize(
    "text", ["a\x7fb", "a\nb", "\x7f\n\x1f", "\x7f\n\x1f\x00\ue000", "=1+1", "</script>", "\u202e", "\U0001f33f", ""]
)
def test_any_text_comes_through(text: str) -> None:
    rows = [("a", text), ("b", ""), ("c", None), ("d", text)]
    assert [cell for _, cell in cells(shards([KEY, Column("c")], rows))] == [text, "", "", text]


def test_what_is_no_text_at_all_does_no_harm() -> None:
    assert [cell for _, cell in cells(shards([KEY, Column("c")], [("a", "\ud800")]))] == ["?"]


def test_values_are_written_as_the_page_reads_them() -> None:
    moment = datetime(2026, 3, 1, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=2)))
    values = (None, True, 3, 2.5, float("inf"), float("nan"), Decimal("1.10"), date(2026, 3, 1), moment, b"\x01", [1])
    assert [written(value) for value in values] == [
        *("", "true", "3", "2.5", "Infinity", "NaN", "1.10", "2026-03-01", "2026-02-28 23:02:03.000004", "01", "[1]")
    ]


def test_ranges_are_told_only_where_they_are_sure() -> None:
    columns = [KEY, Column("n", "DOUBLE"), Column("d", "TIMESTAMP"), Column("t")]

    def ranges(*rows: tuple[object, ...]) -> object:
        (made,) = shards(columns, [(str(n), *row) for n, row in enumerate(rows)])
        return made.ranges

    days = datetime(2026, 3, 1, 23, tzinfo=timezone.utc), datetime(2020, 1, 2, tzinfo=timezone.utc)
    assert ranges((1, days[0], "x"), (-2.5, days[1], "y")) == {"1": (-2.5, 1.0), "2": ("2020-01-02", "2026-03-01")}
    assert ranges((float("nan"), None, None), (4, days[0], None)) == {"1": (4.0, 4.0), "2": ("2026-03-01",) * 2}
    assert ranges((float("inf"), "infinity", ""), (4, days[0], "")) == {}
    assert ranges((None, None, None)) == {}


def test_very_long_cells_are_cut_and_counted() -> None:
    (made,) = shards([KEY, Column("c")], [("a", "x" * (LONGEST + 1)), ("b", "y" * LONGEST)])
    assert made.cut == 1
    assert [len(cell) for _, cell in cells([made])] == [LONGEST, LONGEST]
    many = list(shards([KEY, Column("c")], ((f"{n:04d}", "z" * 20_000) for n in range(1500))))
    assert len(many) > 2
    assert sum(shard.rows for shard in many) == sum(shard.cut for shard in many) == 1500


def test_no_rows_and_no_key() -> None:
    assert list(shards([KEY], [])) == []
    with pytest.raises(ValueError, match="_key"):
        list(shards([Column("c")], [("a",)]))
