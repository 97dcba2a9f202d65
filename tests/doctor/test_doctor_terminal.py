"""The doctor at a terminal: short, coloured where that is wanted, and never wider than it must be."""

from __future__ import annotations

import io
import re
import shlex

import pexpect
import pytest
from doctor_scene import Scene

from jsobj.ui.checklist import Checklist
from jsobj.ui.output import Output

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
GREEN, RED = "\x1b[32mPASS\x1b[0m", "\x1b[31mFAIL\x1b[0m"
VARIABLES = ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"})


def at_terminal(scene: Scene, *words: str, columns: int = 80, **env: str) -> str:
    with scene.jsobj.terminal("doctor", *words, columns=columns, env=env) as child:
        child.expect(pexpect.EOF, timeout=90)
        assert child.before is not None
        return child.before.replace("\r\n", "\n")


def break_token(scene: Scene) -> None:
    scene.jsobj.secure.write_text("clouds:\n  demo:\n    auth:\n      password: wrong-in-every-way\n")


@pytest.mark.parametrize("env", VARIABLES, ids=str)
def test_colour_only_underlines_what_words_say(env: dict[str, str], scene: Scene) -> None:
    break_token(scene)
    seen = at_terminal(scene, **env)
    wanted = not env
    assert (GREEN in seen) is (RED in seen) is wanted
    assert bool(COLOUR.search(seen)) is wanted
    plain = COLOUR.sub("", seen)
    assert re.search(r"^PASS  Files +16 passed$", plain, re.MULTILINE)
    assert re.search(r"^FAIL  token +Keystone refuses this login", plain, re.MULTILINE)


def test_colour_can_be_forced_into_a_pipe(scene: Scene) -> None:
    assert GREEN not in scene.jsobj("doctor", "files").out
    assert GREEN in scene.jsobj("doctor", "files", env={"FORCE_COLOR": "1"}).out


def test_failures_stand_where_they_occur_and_at_the_end_with_what_to_do(scene: Scene) -> None:
    break_token(scene)
    lines = COLOUR.sub("", at_terminal(scene)).strip().splitlines()
    places = [number for number, line in enumerate(lines) if line.startswith("FAIL  token")]
    assert len(places) == 2
    layers = [number for number, line in enumerate(lines) if line.startswith("FAIL  Keystone")]
    assert places[0] < layers[0] < places[1]
    for place in places:
        assert any(line.startswith("      Next: check user name and password") for line in lines[place : place + 8])
    assert len(lines) - places[1] < 6  # nothing pushes it off the screen
    assert "SKIP" not in "\n".join(lines)
    assert not [line for line in lines if re.match(r"(PASS|FAIL)  (swift-api|s3-signature|clouds-files)", line)]


@pytest.mark.parametrize("columns", [120, 80, 60, 40])
def test_only_what_has_no_blank_is_wider(columns: int, scene: Scene) -> None:
    break_token(scene)
    widest = min(columns, 80)
    for line in COLOUR.sub("", at_terminal(scene, "-v", columns=columns)).splitlines():
        assert len(line) <= widest or " " not in line.strip(), line


def test_verbose_shows_every_check(scene: Scene) -> None:
    out = scene.jsobj("doctor", "keystone", "-v").out
    for name in ("login", "keystone-tls", "token", "role"):
        assert re.search(rf"^PASS  {name} ", out, re.MULTILINE)
    assert "\n      methods: password\n" in out


def checklist(columns: int = 80) -> tuple[Checklist, io.StringIO]:
    stdout = io.StringIO()
    return Checklist(Output(stdout, io.StringIO(), environ={})), stdout


def test_a_command_too_long_for_a_line_can_be_pasted() -> None:
    command = f"jsobj ec2-creds --cloud 'a cloud with a name' --login-as {'x' * 40} --password-stdin --profile sci"
    rows, out = checklist()
    rows.row("FAIL", "token", "refused", hint=[("make keys:", False), (command, True)])
    assert max(map(len, out.getvalue().splitlines())) <= 80
    pasted = out.getvalue().partition("make keys:\n")[2]
    assert shlex.split(pasted.replace("\\\n", "")) == shlex.split(command)
    assert "'a cloud with a name'" in pasted


def test_what_comes_from_others_cannot_act_on_the_terminal() -> None:
    rows, out = checklist()
    rows.row("FAIL", "x", "\x1b[2J\u202e", facts=[("\x1b[1m", "\x07")], hint=[("\x1b]0;t\x07", True)])
    assert not re.search("[\x1b\x07\u202e]", out.getvalue())
