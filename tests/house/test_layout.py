"""Rules for the tree that no linter knows; style, types and layers are `.ci/lint`."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "jsobj"
MAX_LINES = 400


def test_no_file_is_too_long() -> None:
    sizes = {
        path: len(path.read_text().splitlines()) for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    }
    assert sizes
    assert {str(path): size for path, size in sizes.items() if size > MAX_LINES} == {}


def test_no_drawer_for_everything() -> None:
    assert [path for path in PACKAGE.rglob("*.py") if path.stem in {"utils", "helpers", "misc", "common"}] == []


def test_unit_tests_mirror_the_source() -> None:
    """``tests/unit/ROOM/test_[FOLDER_]MODULE[_MORE].py`` tests ``jsobj/ROOM/MODULE.py``; stones are single modules."""
    astray = []
    for path in (ROOT / "tests" / "unit").rglob("test_*.py"):
        room = path.parent.relative_to(ROOT / "tests" / "unit")
        source = PACKAGE if str(room) == "stones" else PACKAGE / room
        subject = path.stem.removeprefix("test_")
        modules = {module.stem for module in source.glob("*.py")}
        modules |= {f"{room.name}_{stem}" for stem in modules}
        if not any(subject == stem or subject.startswith(f"{stem}_") for stem in modules):
            astray.append(str(path))
    assert astray == []


def test_no_folder_holds_too_many_modules() -> None:
    """Where each file is one command, one check or one tool there may be as many as there are."""
    one_of_a_kind = {PACKAGE / "cli" / "commands", PACKAGE / "doctor" / "checks", PACKAGE / "export" / "tools"}
    folders = {path.parent for path in PACKAGE.rglob("*.py")} - one_of_a_kind
    assert len(folders) > 20
    assert {str(folder): count for folder in folders if (count := len(list(folder.glob("[!_]*.py")))) > 16} == {}


def test_every_room_says_what_it_is_for() -> None:
    rooms = list(PACKAGE.rglob("__init__.py"))
    assert [str(path) for path in rooms if not path.read_text().startswith('"""')] == []


def test_only_the_edge_looks_at_the_environment() -> None:
    """Ruff bans it; this counts the places that are allowed to, so that a new one is a decision."""
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    }
    allowed = {
        "identity/settings.py",
        "cli/parsing/command.py",
        "cli/main.py",
        "cli/commands/sandbox.py",
        "cli/commands/demo.py",
        "cli/commands/mount.py",  # handed to the command of --run as it is
    }
    # Programs are processes of their own: what they change is nobody else's environment.
    assert {name for name in found if "/programs/" not in name} <= allowed


def test_no_secret_goes_through_an_option() -> None:
    """B136: what stands on a command line is seen by every user of the machine."""
    from jsobj_tree import all_commands

    bad = {"secret", "password", "token", "secret_key", "passcode"}
    found = [
        (path, option)
        for path, command in all_commands()
        for parameter in command.params
        for option in parameter.opts
        if option.lstrip("-").replace("-", "_") in bad
    ]
    assert found == []


def test_no_two_files_of_tests_have_one_name() -> None:
    """They are imported by their name alone, so that pytest would refuse the second."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
