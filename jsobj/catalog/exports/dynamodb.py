"""DynamoDB JSON: a line for each item, with the type of each attribute, as DynamoDB's import from S3 reads it.

Source: Amazon DynamoDB Developer Guide, "Data types", "Item sizes" and "S3 import formats".
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jsobj.catalog.exports.cells import cell_text

LARGEST = 400 * 1024  # bytes of an item, names of attributes included
_DIGITS = 38
_LEAST, _MOST = Decimal("1E-130"), Decimal("9.9999999999999999999999999999999999999E+125")


def line(row: Mapping[str, Any]) -> str:
    """One item, without a line end; "" for one that is larger than DynamoDB takes."""
    item = {name: attribute(value) for name, value in row.items() if value is not None}
    text = json.dumps({"Item": item}, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= LARGEST // 4 or _size(item) <= LARGEST else ""


def attribute(value: Any) -> dict[str, Any]:
    """A value with its type. What is no number of DynamoDB's, such as infinity, is text."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return {"N": str(value)} if _fits(number) else {"S": str(value)}
    if isinstance(value, bytes):
        return {"B": b64encode(value).decode("ascii")}
    if isinstance(value, list | tuple):
        return {"L": [attribute(each) for each in value]}
    if isinstance(value, dict):
        return {"M": {str(name): attribute(each) for name, each in value.items()}}
    return {"S": cell_text(value)}


def _fits(number: Decimal) -> bool:
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if not number.is_finite() or len(digits) > _DIGITS:
        return False
    return number == 0 or _LEAST <= abs(number) <= _MOST


def _size(item: Mapping[str, Any]) -> int:
    """At most what DynamoDB counts: a number is counted as its text."""
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(typed: Mapping[str, Any]) -> int:
    ((kind, value),) = typed.items()
    if kind in {"L", "M"}:
        inner = value if kind == "L" else value.values()
        names = 0 if kind == "L" else sum(len(name.encode()) for name in value)
        return 3 + names + sum(1 + _bytes(each) for each in inner)
    return len(value.encode()) if isinstance(value, str) else 1
