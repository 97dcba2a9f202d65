"""What names a row, and which columns and types there may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.catalog.schema import Schema, column_of
from jsobj.errors import JsobjError


@given(st.text(), st.text())
def test_names_in_two_parts_come_apart_again(first: str, second: str) -> None:
    schema = Schema(("experiment", "item"))
    name = schema.name_of((first, second))
    assert name.count("/") == 1
    assert schema.values_of(name) == (first, second)


def test_a_name_of_one_part_is_the_value() -> None:
    assert Schema(("item",)).name_of(("a/b%",)) == "a/b%"
    assert Schema(("item",)).values_of("a/b%") == ("a/b%",)
    with pytest.raises(JsobjError, match="EXPERIMENT/ITEM"):
        Schema(("experiment", "item")).values_of("alone")


def test_columns_by_name_and_number() -> None:
    columns = ("Item", "2", "date")
    assert [column_of(typed, columns, "--key") for typed in ("Item", "item", "2", "3")] == ["Item", "Item", "2", "date"]
    for bad in ("4", "0", "no"):
        with pytest.raises(JsobjError, match="no column"):
            column_of(bad, columns, "--key")
