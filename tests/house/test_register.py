"""Every promise has a test that carries its number: F faults, C crashes, L loads, S security.

0_1 to 0_14 are the points in which widely used tools were seen to fail. A number that no machine can show stands in
``NOT_HERE`` with the reason.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FAULTS = "01 02 03 04 06 07 08 10 12 14 15 17 19 20 21 22 23 24 26 27 28 29 30 31 32 33 34 36 38 40 42 43 48 49 50"
CRASHES = "01 02 03 05 07 08 10 11 13 15 18 19 20"
NUMBERS = [
    *(f"F{number}" for number in FAULTS.split()),
    *(f"C{number}" for number in CRASHES.split()),
    *(f"L{number:02}" for number in range(1, 13)),
    *(f"S{number:02}" for number in range(1, 26)),
    *(f"0_{number}" for number in range(1, 15)),
]
NOT_HERE: dict[str, str] = {
    "S15": "faults of old Keystones: nothing here relies on them, and only their operators can mend them",
}


@pytest.fixture(scope="module")
def numbers() -> set[str]:
    """Those that a test carries."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    assert len(files) > 100
    return _numbers([ast.parse(path.read_text(encoding="utf-8")) for path in files])


def _numbers(trees: list[ast.Module]) -> set[str]:
    """In names of functions as ``_F01_``, in the names of their parameters' values as ``F01-``."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    ids = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    pattern = r"(?<=_)(?:[FCLSfcls]\d\d|0_\d+)(?=_|$)"
    found = {number.upper() for name in names for number in re.findall(pattern, name)}
    return found | {match[0] for text in ids if (match := re.match(r"[FCLS]\d\d(?=-)", text))}


@pytest.mark.parametrize("number", NUMBERS)
def test_each_number_stands_in_the_name_of_a_test(numbers: set[str], number: str) -> None:
    assert (number in numbers) != (number in NOT_HERE), NOT_HERE.get(number, "no test carries it")
