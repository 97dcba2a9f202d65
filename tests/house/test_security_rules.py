"""What can be read off the tree: no shortcut around TLS, no secret in a document or a file."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from jsobj_tree import all_commands

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "jsobj").rglob("*.py"))

# Ways to hand a secret to a command line or to a shell's history, with a value behind it.
INLINE = re.compile(
    r"--(?:password|secret|token|secret-key)[ =](?!stdin|file)[^\s\]`|]"
    r"|(?:OS_PASSWORD|OS_APPLICATION_CREDENTIAL_SECRET|OS_TOKEN|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN)=[^\s$<.]"
)
SECRETS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"gAAAAA[A-Za-z0-9_-]{80,}"),  # a Keystone token
    re.compile(r"(?i)(?:secret|password|token)[\w ]*[=:] *['\"]?[A-Za-z0-9+/_-]{36,}['\"]?\s*$", re.M),
)


def test_s08_no_source_switches_the_check_of_certificates_off() -> None:
    """What a user asks for (``verify: false``) comes as a value; nothing in the code says it by itself."""
    forbidden = re.compile(r"verify\s*=\s*False|_create_unverified_context|disable_warnings")
    assert [path.name for path in SOURCES if forbidden.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("path", ["README.md", "CHANGELOG.md", "tests/bench/README.md"])
def test_s03_no_document_shows_a_secret_on_a_command_line(path: str) -> None:
    assert INLINE.findall((ROOT / path).read_text(encoding="utf-8")) == []


def test_s03_no_help_shows_a_secret_on_a_command_line() -> None:
    pages = {words: command.get_help(click.Context(command, info_name=words)) for words, command in all_commands()}
    assert len(pages) > 40
    assert {words for words, text in pages.items() if INLINE.search(text)} == set()


def test_s03_the_rule_finds_what_it_is_for() -> None:
    assert INLINE.search("jsobj login --password hunter2")
    assert INLINE.search("export OS_PASSWORD=hunter2")
    assert not INLINE.search("jsobj login --password-stdin < file")
    assert not INLINE.search("export OS_PASSWORD=$OS_PASSWORD_INPUT")


def test_s17_nothing_that_looks_like_a_secret_is_shipped() -> None:
    shipped = [path for path in (ROOT / "jsobj").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    shipped += [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "completions").iterdir()]
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in shipped}
    assert [(str(path), rule.pattern) for path, text in texts.items() for rule in SECRETS if rule.search(text)] == []
    assert all(rule.search(text) for rule, text in zip(SECRETS, _samples(), strict=True))


def _samples() -> tuple[str, ...]:
    """One text for each rule that it must find, put together here so that none stands in this file."""
    return ("-----BEGIN EC " + "PRIVATE KEY-----", "gAAAAA" + "b" * 90, "aws_secret_access_key = " + "Ab1" * 13)


def test_s17_the_wheel_holds_the_package_alone() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '[tool.hatch.build.targets.wheel]\npackages = ["jsobj"]\n' in project
    assert 'build-backend = "hatchling.build"' in project


def test_s06_s17_every_exception_to_bandit_gives_its_reason() -> None:
    """`.ci/lint` runs bandit; this reads the lines that it is told to ignore."""
    aside = [line for path in SOURCES for line in path.read_text(encoding="utf-8").splitlines() if "# nosec" in line]
    assert [line for line in aside if not re.search(r"# nosec B\d+ - \w", line)] == []


def test_s22_no_keyring_is_used() -> None:
    """Secrets lie in files of mode 0600, as the README says; no back-end is chosen silently."""
    assert "keyring" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [path.name for path in SOURCES if re.search(r"import keyring|keyring\.", path.read_text("utf-8"))] == []
