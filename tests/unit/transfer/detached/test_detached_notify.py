"""Whom to tell: what cannot be used is refused at once, and what is a secret is not shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.transfer.detached import notify as module
from jsobj.transfer.detached.notify import is_url, notify, require_usable, shown

URL = "ntfys://user:very-secret-token@ntfy.example/topic"


def test_what_is_a_url_and_what_is_shown_of_it() -> None:
    assert is_url(URL)
    assert not is_url("mail -s 's3://b/ is there' me@example.org")
    assert shown(URL) == "ntfys://***"
    assert shown("mail -s ready me") == "mail -s ready me"


def test_a_command_gets_the_document(tmp_path: Path) -> None:
    out = tmp_path / "it is there"
    notify(f"tee '{out}'", {"id": "0011", "state": "done"}, "", str(tmp_path))
    assert json.loads(out.read_bytes()) == {"id": "0011", "state": "done"}


def test_there_is_no_shell(tmp_path: Path) -> None:
    notify("tee a > b; touch c", {}, "", str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [">", "a", "b;", "c", "touch"]


@pytest.mark.parametrize("text", ["", "  ", "mail 'x", "no-such-program-at-all --x", "/etc/passwd"])
def test_what_cannot_be_run(text: str) -> None:
    with pytest.raises(BadUsage, match="--notify"):
        require_usable(text)


@pytest.mark.parametrize("text", ["false", "/nonexistent/program"])
def test_a_command_that_fails(text: str, tmp_path: Path) -> None:
    with pytest.raises(JsobjError) as caught:
        notify(text, {}, "", str(tmp_path / "gone"))
    assert caught.value.reference == "notify-failed"


def test_a_url_that_nobody_knows() -> None:
    with pytest.raises(BadUsage) as caught:
        require_usable("nobody-knows://very-secret-token@host")
    assert "very-secret-token" not in str(caught.value)


def test_without_apprise_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(JsobjError) as caught:
        require_usable(URL)
    assert (caught.value.reference, caught.value.code) == ("notify-not-installed", ExitCode.LOCAL)
    assert caught.value.hint == "pip install 'jsobj[notify]'"


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.2)
    with pytest.raises(JsobjError, match="timed out"):
        notify("sleep 60", {}, "", str(tmp_path))
