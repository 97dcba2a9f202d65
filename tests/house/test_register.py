"""Codes in tests (``F06``, ``c10``, ``0_5``): each is explained in ``tests/REGISTER.md``, and those that must have a
test have one.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REGISTER = ROOT / "tests" / "REGISTER.md"

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
_CODE = re.compile(r"(?<![A-Za-z0-9])[BFCLSP]\d{2,3}(?![A-Za-z0-9])")
_IN_NAME = re.compile(r"(?<=_)(?:[BFCLSPbfclsp]\d{2,3}|0_\d+)(?=_|$)")


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
    found = {number.upper() for name in names for number in _IN_NAME.findall(name)}
    return found | {match[0] for text in ids if (match := re.match(r"[FCLS]\d\d(?=-)", text))}


@pytest.mark.parametrize("number", NUMBERS)
def test_each_number_stands_in_the_name_of_a_test(numbers: set[str], number: str) -> None:
    assert (number in numbers) != (number in NOT_HERE), NOT_HERE.get(number, "no test carries it")


def _codes(folder: Path) -> dict[str, str]:
    """Every code in the Python files below, with a file that uses it."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            words = re.split(r"# (?:noqa|nosec)", line)[0]
            in_names = [code for name in re.findall(r"def (test_\w+)", words) for code in _IN_NAME.findall(name)]
            found |= dict.fromkeys((code.upper() for code in [*_CODE.findall(words), *in_names]), path.name)
    return found


def test_the_register_explains_every_code_that_tests_use() -> None:
    used = _codes(ROOT / "tests")
    assert len(used) > 190
    entries = re.findall(r"^- (\w+): ", REGISTER.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(entries) == sorted(set(entries))
    assert {code: file for code, file in used.items() if code not in entries} == {}


def test_the_source_says_what_it_means_instead_of_a_code() -> None:
    assert _codes(ROOT / "jsobj") == {}
