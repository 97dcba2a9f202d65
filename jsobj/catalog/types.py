"""Types that a column may have, and which texts are values of them: nothing is dropped or rounded in silence."""

from __future__ import annotations

from dataclasses import dataclass

from jsobj.catalog.engine import text
from jsobj.errors import BadUsage

TEXT = "VARCHAR"

_TYPES = {
    "TEXT": TEXT,
    "VARCHAR": TEXT,
    "STRING": TEXT,
    "INTEGER": "BIGINT",
    "INT": "BIGINT",
    "BIGINT": "BIGINT",
    "DOUBLE": "DOUBLE",
    "FLOAT": "DOUBLE",
    "REAL": "DOUBLE",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "BOOLEAN": "BOOLEAN",
    "BOOL": "BOOLEAN",
}
KNOWN = frozenset(_TYPES.values())
# How a value is written that is one of a type. DuckDB takes more, and drops what it does not understand: a fraction, a
# time after a date, the offset of a time zone.
_DAY, _CLOCK = r"\d{4,6}[-/]\d{1,2}[-/]\d{1,2}", r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6}0*)?)?"
_ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)"
_FORMS = {
    "BIGINT": r"[+-]?\d+(\.0*)?",
    "DOUBLE": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(?i:inf|infinity|nan)",
    "DATE": rf"{_DAY}([T ]00:00(:00(\.0*)?)?)?",
    "TIME": _CLOCK,
    "TIMESTAMP": rf"{_DAY}([T ]{_CLOCK} ?{_ZONE}?)?",
}


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type of DuckDB; ``form``: how a date or time is written, as for ``strptime``, "" for ISO 8601."""

    name: str
    form: str = ""

    def sql(self, value: str) -> str:
        """An expression for the typed value of a text, as SQL has both; NULL for a blank one, and for what is none.

        A time with an offset is kept in UTC.
        """
        if self.name == TEXT:
            return value
        trimmed = f"nullif(trim({value}), '')"
        if self.form:
            return f"CAST(try_strptime({trimmed}, {text(self.form)}) AS {self.name})"
        typed = f"TRY_CAST({trimmed} AS {self.name})"
        if (form := _FORMS.get(self.name)) is None:
            return typed
        cases = f"WHEN NOT regexp_full_match({trimmed}, {text(form)}) THEN NULL"
        if self.name == "TIMESTAMP":
            instant = f"make_timestamp(epoch_us(TRY_CAST({trimmed} AS TIMESTAMPTZ)))"
            cases += f" WHEN regexp_matches({trimmed}, {text(f':.*{_ZONE}$')}) THEN {instant}"
        if self.name == "DOUBLE":
            cases += f" WHEN isinf({typed}) AND NOT regexp_matches({trimmed}, '[iI]') THEN NULL"
        return f"CASE {cases} ELSE {typed} END"


def parse_type(said: str) -> tuple[str, ColumnType]:
    """``COLUMN=TYPE`` or ``COLUMN=TYPE:FORMAT``. Raises :class:`JsobjError` (usage)."""
    column, equals, rest = said.partition("=")
    typed, _, form = rest.partition(":")
    name = _TYPES.get(typed.strip().upper())
    if not equals or not column or name is None:
        known = ", ".join(sorted(KNOWN - {TEXT}))
        raise BadUsage(f"--type takes COLUMN=TYPE, and '{said}' is not", hint=f"TYPE is TEXT or one of {known}")
    if form and name not in {"DATE", "TIMESTAMP", "TIME"}:
        raise BadUsage(f"--type {said}: only dates and times have a format", hint="--type day=DATE:%d.%m.%Y")
    return column, ColumnType(name, form)
