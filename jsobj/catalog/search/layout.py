"""Where it is kept below a published prefix, and what a column is to the page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jsobj.catalog.layout import ROOT

SEARCH = "search/"
INDEX = "index.json"
INDEX_KEY = f"{ROOT}{SEARCH}{INDEX}"

TEXT, NUMBER, DATE = "text", "number", "date"
_NUMBERS = re.compile(r"(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|REAL|DOUBLE|DECIMAL)\b")
_DATES = re.compile(r"(?:DATE|DATETIME|TIMESTAMP)\b|TIMESTAMP_")


@dataclass(frozen=True, slots=True)
class Column:
    """``type``: as DuckDB writes it, such as ``VARCHAR``, ``DECIMAL(18,3)`` or ``TIMESTAMP WITH TIME ZONE``."""

    name: str
    type: str = "VARCHAR"

    @property
    def kind(self) -> str:
        """How it is searched: :data:`NUMBER` and :data:`DATE` by a range, :data:`TEXT` by what is in it."""
        words = self.type.upper()
        if words.endswith("]"):
            return TEXT
        return NUMBER if _NUMBERS.match(words) else DATE if _DATES.match(words) else TEXT
