"""The pages for newcomers name the rooms, files and functions that exist, and no others."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "jsobj"
ARCHITECTURE = PACKAGE / "ARCHITECTURE.md"
PAGES = (ARCHITECTURE, ROOT / ".github" / "CONTRIBUTING.md")
SUFFIXES = (".py", ".md", ".toml")


def rooms_in_page() -> list[str]:
    """The first column of the table of rooms, from top to bottom."""
    section = ARCHITECTURE.read_text(encoding="utf-8").partition("\n## Rooms\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)


def quoted(page: Path) -> list[str]:
    """Everything in backticks, outside of blocks of code."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", text)


def places(page: Path) -> list[tuple[str, str]]:
    """(path, name in it or "") of everything quoted that looks like a path of the repository."""
    found = (re.fullmatch(r"([\w.-]+(?:/[\w.-]+)*/?)(?::([\w.]+))?", text) for text in quoted(page))
    pairs = [(match[1], match[2] or "") for match in found if match]
    return [(path, name) for path, name in pairs if is_path(path)]


def is_path(text: str) -> bool:
    first, slash, _ = text.partition("/")
    in_folder = bool(slash) and any((base / first).is_dir() for base in (ROOT, PACKAGE))
    return in_folder or text.endswith(SUFFIXES)


def located(path: str) -> Path | None:
    """Paths are counted from the root, or from the package."""
    return next((base / path for base in (ROOT, PACKAGE) if (base / path).exists()), None)


def defined(path: Path) -> set[str]:
    """Functions and classes of a module, and methods as ``Class.method``."""
    names: set[str] = set()

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(prefix + node.name)
            if isinstance(node, ast.ClassDef):
                collect(node.body, f"{prefix}{node.name}.")

    collect(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return names


def test_the_table_of_rooms_is_the_tree() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert sorted(rooms_in_page()) == sorted(packages)


def test_the_table_of_rooms_has_the_order_that_import_linter_keeps() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(r"^layers = \[(.*?)^\]", text, flags=re.MULTILINE | re.DOTALL)
    assert layers is not None
    assert rooms_in_page() == [name for name in re.findall(r"\w+", layers[1]) if (PACKAGE / name).is_dir()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_exists(page: Path) -> None:
    found = places(page)
    assert len(found) > 30
    assert [path for path, _ in found if located(path) is None] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_function_named_with_its_file_is_in_it(page: Path) -> None:
    named = [(path, name) for path, name in places(page) if name]
    files = {path: located(path) for path, _ in named}
    assert [(path, name) for path, name in named if (file := files[path]) and name not in defined(file)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []
