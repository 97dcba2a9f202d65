"""What all commands share: streams, JSON, exit codes, signals, colours, and the world around them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator

import click
import pexpect
import pytest
import swiftclient
from commands import Jsobj
from fixtures_cloud import Cloud
from listening import lossy_keystone

from jsobj.cli.main import make_root
from jsobj.cli.parsing.command import Group
from jsobj.errors import ExitCode, JsobjError


def every_command() -> Iterator[tuple[str, click.Command]]:
    """All commands, with the words that call them."""

    def below(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if not isinstance(command, Group):
            yield words, command
            return
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from below(f"{words} {name}".strip(), found)

    yield from below("", make_root())


COMMANDS = dict(every_command())
SHARED = {"--cloud", "--profile", "--json", "--quiet", "--verbose", "--no-input", "--debug"}


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_takes_the_shared_options_and_explains_itself(jsobj: Jsobj, words: str) -> None:
    options = {text for parameter in COMMANDS[words].params for text in parameter.opts}
    assert options >= SHARED
    shown = jsobj(*words.split(), "--help")
    assert shown.out.startswith("Usage: jsobj")
    assert shown.err == ""


@pytest.mark.parametrize("words", ["ls", "doctor"])
def test_both_words_for_help_stay_whoever_asked_first(words: str) -> None:
    """Pages and completions ask in contexts without settings; click keeps what the first of them saw."""
    command = dict(every_command())[words]
    command.get_help(click.Context(command))
    option = command.get_help_option(click.Context(command, help_option_names=["--help"]))
    assert option is not None
    assert option.opts == ["-h", "--help"]


@pytest.mark.parametrize("words", COMMANDS)
def test_b136_no_option_takes_a_secret(words: str) -> None:
    """A secret on the command line is in the shell's history and in everybody's process list."""
    for parameter in COMMANDS[words].params:
        takes_text = not getattr(parameter, "is_flag", False)
        secret = re.search(r"(secret|password|token|passcode)(?!-seconds)", " ".join(parameter.opts))
        assert not (takes_text and secret), parameter.opts


@pytest.mark.parametrize("option", ["--secret", "--password", "--token"])
def test_b136_such_options_do_not_exist(jsobj: Jsobj, option: str) -> None:
    done = jsobj("login", option, "canary-typed", "--json", code=2)
    assert done.error["reference"] == "usage"
    assert "canary-typed" not in done.err


@pytest.mark.parametrize(
    ("argv", "suggestion"),
    [
        (("logn",), "login"),
        (("buckets", "list"), "bucket"),
        (("bucket", "creat", "x"), "create"),
        (("ec2-creds", "lst"), "list"),
        (("login", "--set-defualt"), "--set-default"),
        (("whoami", "--jsn"), "--json"),
    ],
)
def test_b131_suggestions(jsobj: Jsobj, argv: tuple[str, ...], suggestion: str) -> None:
    done = jsobj(*argv, code=2)
    assert suggestion in done.err
    assert done.out == ""


def test_no_arguments_is_help_and_a_group_alone_lacks_a_word(jsobj: Jsobj) -> None:
    done = jsobj()
    assert done.out.startswith("Usage: jsobj")
    assert done.err == ""
    assert jsobj("bucket", code=2).err.startswith("Usage: jsobj bucket")


def test_version(jsobj: Jsobj) -> None:
    assert re.fullmatch(r"jsobj \d+\.\d+\S*\n", jsobj("--version").out)
    assert re.fullmatch(r"jsobj \S+\npython: 3\.\S+ \(/.+\)\ndigests: .+\n", jsobj("--version", "-v").out)
    assert jsobj("-v", "--version").out == jsobj("--version", "--verbose").out
    plain = jsobj.process("--version", "-v", env={"JSOBJ_COMPILED": "0"}).out
    assert plain.splitlines()[-1] == "digests: hashlib (the compiled helper is switched off)"


# JSON.


def test_b139_json_is_one_document_on_stdout(keyed: Jsobj) -> None:
    for argv in (("whoami",), ("bucket", "list"), ("endpoint",), ("ec2-creds", "list"), ("help", "json")):
        done = keyed(*argv, "--json")
        assert done.out.count("\n") == 1
        assert re.fullmatch(r"jsobj\.[a-z0-9-]+/1", done.json["schema"])
        assert done.out.isascii()


@pytest.mark.parametrize(
    ("argv", "code"), [(("whoami",), 4), (("login", "nowhere.sh"), 5), (("bucket", "show"), 2), (("bucket", "x"), 2)]
)
def test_b139_json_also_on_failure(jsobj: Jsobj, argv: tuple[str, ...], code: int) -> None:
    done = jsobj(*argv, "--json", code=code)
    assert done.out == ""
    assert set(done.error) == {"schema", "reference", "message", "context", "hint", "exit_code"}
    assert (done.error["schema"], done.error["exit_code"]) == ("jsobj.error/1", code)


def test_error_for_people(jsobj: Jsobj) -> None:
    done = jsobj("whoami", code=4)
    assert done.out == ""
    first, *rest = done.err.splitlines()
    assert re.fullmatch(r"Error: .* \[not-logged-in\]", first)
    assert rest == ["  Next: download an RC file from the portal and run: jsobj login RCFILE"]


# Talk and data.


def test_quiet_says_only_data_and_warnings(keyed: Jsobj) -> None:
    loud, quiet = keyed("ec2-creds"), keyed("ec2-creds", "-q")
    assert loud.err
    assert quiet.err == ""
    assert quiet.out == loud.out
    assert "looking at" in keyed("ec2-creds", "-v").err
    assert "means nothing" in keyed("ec2-creds", "-q", env={"JSOBJ_COLOUR": "1"}).err


def test_b138_unknown_variable_of_ours(jsobj: Jsobj) -> None:
    done = jsobj("help", "json", env={"JSOBJ_PROFIL": "x"})
    assert "JSOBJ_PROFIL means nothing to jsobj" in done.err


def test_lists_are_tab_separated_in_a_pipe(keyed: Jsobj, name: str) -> None:
    keyed("bucket", "create", name)
    lines = keyed("bucket", "list", "swift://").lines
    assert f"{name}\t0\t0 B\t-" in lines
    assert not any(line.startswith("Name") for line in lines)


def test_lists_are_tables_on_a_terminal(keyed: Jsobj, name: str) -> None:
    keyed("bucket", "create", name)
    for variables, bold in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        with keyed.terminal("bucket", "list", "swift://", env=variables) as child:
            child.expect(pexpect.EOF)
            text = child.before
        assert "Name" in text
        assert name in text
        assert "\t" not in text
        assert ("\x1b[" in text) == bold, repr(text)


def test_narrow_terminal_loses_nothing(keyed: Jsobj, name: str) -> None:
    keyed("bucket", "create", name)
    with keyed.terminal("bucket", "list", "swift://", columns=20) as child:
        child.expect(pexpect.EOF)
        text = child.before
    # The name is folded inside its column, not cut: its pieces, read downwards, are the name.
    pieces = "".join(line.split(" ")[0] for line in text.splitlines())
    assert name in pieces


def test_force_colour_in_a_pipe(jsobj: Jsobj) -> None:
    assert "\x1b[31mError:" in jsobj("whoami", code=4, env={"FORCE_COLOR": "1"}).err
    assert "\x1b" not in jsobj("whoami", code=4, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).err
    assert "\x1b" not in jsobj("whoami", code=4).err


def test_s11_control_characters_are_escaped(member: Jsobj) -> None:
    done = member("whoami", "--cloud", "evil\x1b]0;title\x07\r\n\u202e", code=5)
    assert "\\x1b" in done.err
    assert "\\u202e" in done.err
    assert not set(done.err) & set("\x1b\x07\r\u202e")


def test_s11_hostile_container_names(member: Jsobj, cloud: Cloud, name: str) -> None:
    """Made by somebody with another tool: listed on a terminal and in a pipe without a byte that does something."""
    wanted = f"{name}\u202e\x1b[31m\x07 end"
    swift = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"))
    swift.put_container(wanted)
    try:
        done = member("bucket", "list")
        assert f"{name}\\u202e\\x1b[31m\\x07 end" in done.out
        assert not set(done.out) & set("\x1b\x07\u202e")
        assert wanted in [item["name"] for item in member("bucket", "list", "--json").json["items"]]
    finally:
        swift.delete_container(wanted)


# Streams that end.


def test_b134_head_closes_the_pipe(member: Jsobj) -> None:
    command = " ".join(member.command("help", "environment"))
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"],
        env=member.environment(),
        cwd=member.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines()[-1] in {"0", "141"}
    assert done.stderr == ""


@pytest.mark.parametrize("closed", [">&-", "<&-", "2>&-", "<&- >&- 2>&-"])
def test_b134_closed_streams(member: Jsobj, closed: str) -> None:
    for argv, codes in ((("help", "environment"), {0, 9}), (("whoami",), {0, 9}), (("bucket", "x"), {2})):
        done = subprocess.run(
            ["bash", "-c", f"{' '.join(member.command(*argv))} {closed}"],
            env=member.environment(),
            cwd=member.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in codes, (argv, done)
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


def test_full_disk_on_stdout(jsobj: Jsobj) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{' '.join(jsobj.command('help', 'environment'))} > /dev/full"],
        env=jsobj.environment(),
        cwd=jsobj.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 9
    assert "no space left" in done.stderr
    assert "Traceback" not in done.stderr


# Signals.


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 143), (signal.SIGKILL, -9)]
)
def test_c13_signals(member: Jsobj, cloud: Cloud, number: signal.Signals, code: int) -> None:
    with lossy_keystone(cloud.auth_url) as way:
        member.clouds.write_text(member.clouds.read_text().replace(cloud.auth_url, way.url))
        way.let_go.clear()
        way.lose_once("POST", "/auth/tokens")
        running = member.start("whoami")
        try:
            assert way.arrived.wait(60)
            running.send_signal(number)
            started = time.monotonic()
            assert running.wait(20) == code
            assert time.monotonic() - started < 5
        finally:
            running.kill()
            running.wait()
    assert "Traceback" not in (member.home / "output").read_text()


# The world around.


def test_b140_deleted_working_folder(member: Jsobj) -> None:
    gone = member.home / "gone"
    gone.mkdir()
    command = " ".join(member.command("whoami", "--json"))
    done = subprocess.run(
        ["bash", "-c", f"rmdir {gone}; exec {command}"],
        env=member.environment(),
        cwd=gone,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cloud"] == "demo"


@pytest.mark.parametrize("setting", ["umask 0777", "ulimit -n 16", "export TMPDIR=/nonexistent", "export HOME="])
def test_b140_hostile_surroundings(member: Jsobj, setting: str) -> None:
    command = " ".join(member.command("whoami", "--json"))
    done = subprocess.run(
        ["bash", "-c", f"{setting}; exec {command}"],
        env=member.environment({"XDG_CONFIG_HOME": str(member.home / ".config")}),
        cwd=member.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode in ({0, 9} if "ulimit" in setting else {0}), done.stderr


def test_s16_modules_in_the_working_folder_are_not_imported(member: Jsobj) -> None:
    for module in ("boto3", "yaml", "keystoneauth1", "json", "rich"):
        (member.folder / f"{module}.py").write_text(f"open({str(member.home / 'canary')!r}, 'w')\nraise SystemExit(77)")
    # As the console script starts: the folder of the script is first on the path, and not the working folder.
    script = member.home / "bin" / "jsobj"
    script.parent.mkdir()
    script.write_text("import sys\nfrom jsobj.__main__ import main\nsys.exit(main())\n")
    done = subprocess.run(
        [member.command()[0], str(script), "whoami"],
        env=member.environment(),
        cwd=member.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (member.home / "canary").exists()


def test_bug_is_called_one_and_shows_no_values(jsobj: Jsobj, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("canary-value")

    monkeypatch.setattr("jsobj.identity.current.current_source", broken)
    done = jsobj("whoami", "--json", code=1)
    assert done.error["reference"] == "bug"
    assert "ZeroDivisionError" in done.error["context"]
    assert "canary-value" not in done.err


def test_exit_codes_are_what_errors_say(monkeypatch: pytest.MonkeyPatch, jsobj: Jsobj) -> None:
    for code in ExitCode:
        if code is ExitCode.OK:
            continue

        def failing(*args: object, _code: ExitCode = code, **kwargs: object) -> None:
            raise JsobjError("any", "m", code=_code)

        monkeypatch.setattr("jsobj.identity.current.current_source", failing)
        assert jsobj("whoami", "--json", code=int(code)).error["exit_code"] == int(code)
