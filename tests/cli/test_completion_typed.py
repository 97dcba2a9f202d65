"""Somebody types at a real bash, zsh or fish and presses Tab: what the line says then."""

from __future__ import annotations

import ast
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from commands import PROGRAMS, Jsobj
from rigs import need_program

from jsobj.cli.parsing.shells import read_line

READY, END = "ready>", "=the-end="
_NOISE = re.compile(r"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[=>]|\x1b[()][A-Z]|[\r\x07\x08]")


class Shell:
    """A shell with the completion of jsobj, in the folder and the HOME of a user."""

    def __init__(self, kind: str, user: Jsobj, **env: str) -> None:
        self.kind, self.user = kind, user
        programs = user.home / "programs"
        programs.mkdir(exist_ok=True)
        # What comes from the program itself, and nothing of a shell: prints its words, one a line.
        (programs / "words").write_text(f'#!{sys.executable}\nimport sys\nprint(sys.argv[1:], "{END}")\n')
        (programs / "jsobj").write_text(f'#!/bin/sh\nexec {sys.executable} -m jsobj "$@"\n')
        for each in programs.iterdir():
            each.chmod(0o700)
        script = Path(user("completion", kind, "--install", "--json").json["file"])
        path = f"{programs}:{PROGRAMS}:/usr/local/bin:/usr/bin:/bin"
        self.child = pexpect.spawn(
            need_program(kind),
            {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[kind],
            env={**user.environment({"PATH": path, "TERM": "xterm", "LC_ALL": "C.UTF-8"}), **env},
            cwd=str(user.folder),
            encoding="utf-8",
            timeout=30,
            dimensions=(60, 200),
        )
        for line in self._begin(script):
            self.child.sendline(line)
        self.child.sendline("words ready-now")
        self.child.expect_exact(f"['ready-now'] {END}")

    def _begin(self, script: Path) -> tuple[str, ...]:
        source = f"source {script}"
        if self.kind == "bash":
            return (f"PS1='{READY}'", "bind 'set enable-bracketed-paste off'", "bind 'set bell-style none'", source)
        if self.kind == "zsh":
            return (
                f"PS1='{READY}'; unsetopt zle_bracketed_paste prompt_sp",
                "fpath+=~/.zfunc",
                "autoload -U compinit; compinit -u",
            )
        return (f"function fish_prompt; echo -n '{READY}'; end", source)

    def press(self, line: str, tabs: int) -> tuple[str, list[str]]:
        """What the screen shows, and the words of the line as a program receives them. ``line`` begins with jsobj.

        A shell reads what is typed ahead when it is done with Tab, so that nothing has to be waited for. In the end
        the name of the command is replaced: nothing of what was completed is run.
        """
        self.child.send(line + tabs * "\t" + "\x01\x1bd" + "words\r")
        self.child.expect(r"\[['\"][^\r\n]*\] " + END)
        return _NOISE.sub("", str(self.child.before)), ast.literal_eval(str(self.child.after).removesuffix(END).strip())

    def words(self, line: str) -> list[str]:
        """The words after one Tab."""
        return self.press(line, 1)[1]

    def shown(self, line: str) -> str:
        """The screen after two Tabs."""
        return self.press(line, 2)[0]

    def until(self, line: str) -> list[str]:
        """As :meth:`words`, where a server must answer: what comes too late for one Tab is there for a later one."""
        for _ in range(40):
            found = self.words(line)
            if found[-1] != read_line(line).word:
                break
            time.sleep(0.2)
        return found

    def close(self) -> None:
        self.child.close(force=True)


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, keyed: Jsobj) -> Iterator[Shell]:
    opened = Shell(request.param, keyed)
    yield opened
    opened.close()


def test_files(shell: Shell) -> None:
    (shell.user.folder / "run42.nc").touch()
    (shell.user.folder / "a folder").mkdir()
    (shell.user.folder / "a folder" / "x.nc").touch()
    assert shell.words("jsobj upload run") == ["upload", "run42.nc"]
    assert shell.words("jsobj login run") == ["login", "run42.nc"]
    assert shell.words("jsobj upload x --files-from run") == ["upload", "x", "--files-from", "run42.nc"]
    assert shell.words("jsobj verify a\\ folder/x") == ["verify", "a folder/x.nc"]


def test_places_and_what_is_in_them(shell: Shell, name: str) -> None:
    user = shell.user
    user("bucket", "create", name)
    for key in ("raw/one.nc", "raw/two words.nc", "raw/12:30.nc", "raw/deep/x.nc", "it's.nc"):
        (user.folder / "data").write_text(key)
        user("upload", "data", f"s3://{name}/{key}")
    for begin in ("swift://", "", "s3://"):
        place = f"{begin}{name}"
        assert shell.until(f"jsobj ls {place[:-3]}") == ["ls", f"{place}/"]
        assert shell.until(f"jsobj cat {place}/ra") == ["cat", f"{place}/raw/"]
        assert shell.until(f"jsobj cat {place}/raw/on") == ["cat", f"{place}/raw/one.nc"]
        assert shell.until(f"jsobj cat {place}/raw/tw") == ["cat", f"{place}/raw/two words.nc"]
        assert shell.until(f"jsobj cat {place}/raw/two\\ w") == ["cat", f"{place}/raw/two words.nc"]
        assert shell.until(f"jsobj cat '{place}/raw/two w") == ["cat", f"{place}/raw/two words.nc"]
        assert shell.until(f"jsobj cat {place}/raw/12") == ["cat", f"{place}/raw/12:30.nc"]
        assert shell.until(f"jsobj cat {place}/it") == ["cat", f"{place}/it's.nc"]
    assert shell.until(f"jsobj upload data s3://{name[:-3]}") == ["upload", "data", f"s3://{name}/"]
    two = ["cat", f"s3://{name}/it's.nc", f"s3://{name}/raw/one.nc"]
    assert shell.until(f'jsobj cat "s3://{name}/it\'s.nc" s3://{name}/raw/on') == two
    assert shell.words("jsobj ls sw")[-1] == "swift://"
    assert shell.words("jsobj ls s3:/")[-1] == "s3://"
    for _ in range(20):  # what was not asked for before may not have come by the time that Tab waits
        if "deep/" in (seen := shell.shown(f"jsobj ls s3://{name}/raw/")):
            break
    assert "deep/" in seen
    assert "one.nc" in seen
    assert re.search(r"s3://\s+swift://|swift://\s+s3://|s3://\s[^\r]*swift://", shell.shown("jsobj upload data s"))
    user("rm", f"s3://{name}/raw/one.nc")
    assert "one.nc" not in shell.shown(f"jsobj ls s3://{name}/raw/")


def test_words_that_are_known_here(shell: Shell) -> None:
    assert shell.words("jsobj doct") == ["doctor"]
    assert shell.words("jsobj doctor s3-sig") == ["doctor", "s3-signature"]
    assert shell.words("jsobj explain SignatureDoesN") == ["explain", "SignatureDoesNotMatch"]
    assert shell.words("jsobj help keyl") == ["help", "keyless"]
    assert shell.words("jsobj help bucket cre") == ["help", "bucket", "create"]
    assert shell.words("jsobj clouds show de") == ["clouds", "show", "demo"]
    assert shell.words("jsobj ls --cloud de") == ["ls", "--cloud", "demo"]
    assert shell.words("jsobj ls --cloud=de") == ["ls", "--cloud=demo"]
    assert shell.words("jsobj sandbox star") == ["sandbox", "start"]


def test_names_at_keystone(shell: Shell) -> None:
    access = shell.user.profile("demo")["aws_access_key_id"]
    assert shell.until(f"jsobj ec2-creds delete {access[:-4]}") == ["ec2-creds", "delete", access]
    assert shell.until(f"jsobj ec2-creds show {access[:-4]}") == ["ec2-creds", "show", access]


def test_silent_without_login_and_without_network(jsobj: Jsobj) -> None:
    shell = Shell("bash", jsobj)
    try:
        for line in ("jsobj ls s3://b", "jsobj ls s3://b/k", "jsobj ec2-creds delete a", "jsobj app-cred delete a"):
            assert shell.words(line)[-1] == line.split()[-1]
            assert "rror" not in shell.shown(line)
    finally:
        shell.close()


@pytest.mark.parametrize("listening", [False, True], ids=["refused", "silent"])
def test_a_server_that_does_not_answer_leaves_the_line_as_it_is(shell: Shell, *, listening: bool) -> None:
    """Within the time that the terminal waits, which is shorter than that of a request; nothing is printed."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listening:
            server.listen()
        option = ["ls", "--endpoint", f"http://127.0.0.1:{server.getsockname()[1]}"]
        for place in ("s3://b", "s3://b/k"):
            seen, words = shell.press(" ".join(["jsobj", *option, place]), 2)
            assert words == [*option, place]
            assert re.search("(?i)error|traceback|refused|timed out", seen) is None


def test_a_bash_whose_words_do_not_end_at_colons(keyed: Jsobj, name: str) -> None:
    keyed("bucket", "create", name)
    shell = Shell("bash", keyed)
    try:
        assert shell.until(f"jsobj ls s3://{name[:-3]}") == ["ls", f"s3://{name}/"]
        shell.child.sendline('words "$COMP_WORDBREAKS"')
        shell.child.expect(r"\['[^\r\n]*:[^\r\n]*'\] " + END)  # it is the user's, and as it was
        shell.child.sendline('COMP_WORDBREAKS="${COMP_WORDBREAKS//:}"')
        assert shell.until(f"jsobj ls s3://{name[:-3]}") == ["ls", f"s3://{name}/"]
        seen = shell.shown("jsobj ls --cloud=d")
        assert "--cloud=demo" in seen
        assert "bash:" not in seen
    finally:
        shell.close()
