"""RC files that must be refused: by which reference, on which line, with nothing run and nothing secret shown."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.rc.file import parse

CANARY = "Zq7hunter"  # a part of a secret: it must not come back in any message
MIB = 1024 * 1024


def refused(data: bytes | str) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        parse(data.encode() if isinstance(data, str) else data, "my-openrc.sh")
    error = caught.value
    assert error.code is ExitCode.LOCAL
    assert "my-openrc.sh" in error.message
    assert CANARY not in json.dumps(error.to_json())
    return error


ROWS = [
    ("B001", "export OS_X=$(touch canary)", "rc-command-substitution"),
    ("B001", 'export OS_X="a$(touch canary)b"', "rc-command-substitution"),
    ("B001", "export OS_PASSWORD=$((1+1))", "rc-command-substitution"),
    ("B001", "A=$(touch canary)\nexport OS_X=$A", "rc-unknown-variable"),
    ("B002", "export OS_X=`touch canary`", "rc-command-substitution"),
    ("B002", 'export OS_X="`touch canary`"', "rc-command-substitution"),
    ("B004", "export OS_PASSWORD=a;touch canary", "rc-command"),
    ("B004", "export OS_PASSWORD=Zq7hunter;Zq7hunter", "rc-command"),
    ("B005", "export OS_X=a && touch canary", "rc-operator"),
    ("B005", "export OS_X=a || touch canary", "rc-operator"),
    ("B005", "export OS_PASSWORD=a&Zq7hunter", "rc-operator"),
    ("B005", "export OS_X=a | tee canary", "rc-operator"),
    ("B005", "export OS_X=a > canary", "rc-operator"),
    ("B005", "export OS_X=a >&2", "rc-operator"),
    ("B005", "export OS_X=<(touch canary)", "rc-operator"),
    ("B005", "export OS_X=a <<END\nEND", "rc-operator"),
    ("B005", "echo a >&2canary", "rc-operator"),
    ("B006", ". other.sh", "rc-not-followed"),
    ("B006", "source other.sh", "rc-not-followed"),
    ("B006", "eval OS_X=1", "rc-not-followed"),
    ("B006", "exec env OS_X=1", "rc-not-followed"),
    ("B007", "export() { :; }", "rc-operator"),
    ("B007", "function export { :; }", "rc-command"),
    ("B007", "alias export=true", "rc-command"),
    ("B025", r"export OS_PASSWORD=$'a\nb'", "rc-expansion"),
    ("B025", r"export OS_PASSWORD=$'a\x1bb'", "rc-expansion"),
    ("B025", r"export OS_PASSWORD=$'a\u00e9'", "rc-expansion"),
    ("B025", "export OS_PASSWORD='Zq7hunter\nb'", "rc-control-character"),
    ("B025", "export OS_PASSWORD='a\tZq7hunter'", "rc-control-character"),
    ("B025", "A='a\nb'\nexport OS_X=$A", "rc-control-character"),
    ("B027", "export OS_PASSWORD='Zq7hunter", "rc-unclosed-quote"),
    ("B027", 'export OS_PASSWORD="Zq7hunter', "rc-unclosed-quote"),
    ("B027", "export OS_PASSWORD=$'Zq7hunter", "rc-expansion"),
    ("B028", "export OS_X = v", "rc-syntax"),
    ("B028", "OS_PASSWORD = Zq7hunter", "rc-syntax"),
    ("B028", "export OS_PASSWORD =Zq7hunter", "rc-syntax"),
    ("B028", "export OS_PASSWORD= Zq7hunter", "rc-syntax"),
    ("spaces", "export OS_PASSWORD=correct Zq7hunter", "rc-syntax"),
    ("spaces", "export OS_PASSWORD=correct Zq7hunter=x", "rc-syntax"),
    ("spaces", "OS_PASSWORD=correct Zq7hunter", "rc-syntax"),
    ("B031", "export OS_X=a\\", "rc-syntax"),
    ("environment", "export OS_CACERT=$HOME/ca.pem", "rc-unknown-variable"),
    ("environment", "export OS_CACERT=~/ca.pem", "rc-expansion"),
    ("environment", "export OS_X=a:~/b", "rc-expansion"),
    ("environment", 'export OS_PASSWORD="a$Zq7hunter"', "rc-unknown-variable"),
    ("environment", "export OS_PASSWORD=a${Zq7hunter}", "rc-unknown-variable"),
    ("environment", "export OS_X=${OS_X:-v}", "rc-expansion"),
    ("environment", 'if [ -z "$HOME" ]; then OS_X=1; fi', "rc-condition"),
    ("expansion", "export OS_X=$1", "rc-expansion"),
    ("expansion", 'export OS_X="a$!"', "rc-expansion"),
    ("expansion", "export OS_X={a,b}", "rc-expansion"),
    ("expansion", "export OS_X=$_", "rc-expansion"),
    ("expansion", "export OS_X=$[1]", "rc-expansion"),
    ("expansion", 'export OS_X=$"a"', "rc-expansion"),
    ("expansion", "FOO=${OS_X:=v}", "rc-expansion"),
    ("expansion", "FOO=${!OS_X}", "rc-expansion"),
    ("expansion", "FOO=$((OS_X=1))", "rc-command-substitution"),
    ("expansion", "OS_Y=1\nexport OS_X=$OS_\\\nY", "rc-syntax"),
    ("substitution", "export FOO=$(case x in a) OS_X=1", "rc-command-substitution"),
    ("substitution", "export FOO=$(echo ')' # )\n)", "rc-command-substitution"),
    ("substitution", "export FOO=$(if true)", "rc-command-substitution"),
    ("substitution", "export FOO=$(cat <<)", "rc-command-substitution"),
    ("assignment", "OS_X+=v", "rc-syntax"),
    ("assignment", "OS_X[0]=v", "rc-syntax"),
    ("assignment", "OS_X=(a b)", "rc-operator"),
    ("assignment", "export 'OS_X=v'", "rc-syntax"),
    ("assignment", "export -n OS_X", "rc-syntax"),
    ("assignment", "export", "rc-syntax"),
    ("assignment", "declare -x OS_X=v", "rc-command"),
    ("assignment", "readonly OS_X=v", "rc-command"),
    ("hidden", "printf -v OS_X v", "rc-command"),
    ("hidden", "printf '-v' OS_X v", "rc-command"),
    ("hidden", r"printf \-v OS_X v", "rc-command"),
    ("hidden", 'A="-v OS_X v"\nprintf ""$A', "rc-command"),
    ("hidden", "printf $A", "rc-command"),
    ("hidden", "printf 'abc%n' OS_X", "rc-command"),
    ("hidden", 'A=%n\nprintf "a$A" OS_X', "rc-command"),
    ("hidden", "A='%n OS_X'\nprintf a$A", "rc-command"),
    ("hidden", "read -a OS_X", "rc-command"),
    ("hidden", "read OS_X OS_Y", "rc-command"),
    ("hidden", "unset {OS_X,OS_Y}", "rc-syntax"),
    ("hidden", "unset -f OS_X", "rc-syntax"),
    ("hidden", "unset $OS_X", "rc-syntax"),
    ("hidden", "PS4='${OS_X:=v}'\nset -x", "rc-command"),
    ("hidden", "set -u", "rc-command"),
    ("shell", "UID=5\nexport OS_X=1", "rc-shell-variable"),
    ("shell", "POSIXLY_CORRECT=1", "rc-shell-variable"),
    ("shell", "export IFS=:", "rc-shell-variable"),
    ("shell", "BASH_ENV=x", "rc-shell-variable"),
    ("secret", "export OS_PASSWORD=Zq7hunter\nexport OS_X=$OS_PASSWORD", "rc-secret-copied"),
    ("secret", "P=x\nOS_PASSWORD=Zq7hunter\nP=$OS_PASSWORD\nexport OS_X=a$P", "rc-secret-copied"),
    ("prompt", "read OS_PASSWORD\nexport OS_X=a$OS_PASSWORD", "rc-unknown-variable"),
    ("prompt", 'read OS_PASSWORD\nif [ -z "$OS_PASSWORD" ]; then OS_X=1; fi', "rc-condition"),
    ("guard", 'if [ -z "$OS_X" ]; then OS_X=1; else OS_X=2; fi', "rc-control-flow"),
    ("guard", 'if [ -z "$OS_X" ]; then OS_X=1', "rc-syntax"),
    ("guard", 'if [ -z "$OS_X" ]; then fi', "rc-syntax"),
    ("guard", 'if [ -z "$OS_X" ]; then; OS_X=1; fi', "rc-syntax"),
    ("guard", 'if [ -z "$OS_X" ]; OS_X=1; fi', "rc-syntax"),
    ("guard", 'if [ -z "$OS_X" ]; fi', "rc-syntax"),
    ("guard", "then OS_X=1", "rc-syntax"),
    ("guard", "OS_X=1; fi", "rc-syntax"),
    ("guard", 'if [ -z "$OS_X" ]; then OS_X=1; fi OS_Y=1', "rc-syntax"),
    ("guard", "if [ -n $OS_X ]; then OS_X=1; fi", "rc-condition"),
    ("guard", "OS_X='= -z'\nif [ -z $OS_X ]; then OS_X=1; fi", "rc-condition"),
    ("guard", 'if [ -z "$OS_X" -o -n "$OS_Y" ]; then OS_X=1; fi', "rc-condition"),
    ("guard", 'if [ "$OS_X" = "" ]; then OS_X=1; fi', "rc-condition"),
    ("guard", 'if [ -z "$OS_X" ]]; then OS_X=1; fi', "rc-condition"),
    ("guard", "if true; then OS_X=1; fi", "rc-condition"),
    ("guard", '[ -z "$OS_X" ] && unset OS_X', "rc-operator"),
    ("guard", 'if [ -n "$OS_NO" ]; then source other.sh; fi', "rc-not-followed"),
    ("loop", "for key in a b\ndo\nunset $key\ndone", "rc-control-flow"),
    # Shell that no portal writes and few people do.
    ("exotic", "export OS_X=$'a\\'b\\x41\\102\\u0043'", "rc-expansion"),
    ("exotic", 'OS_Y=1\nif test -n "${OS_Y}"; then export OS_X=v; fi;', "rc-condition"),
    ("exotic", "OS_Y=1\nif [ -z $OS_Y ]; then OS_X=no; fi; export OS_X=v", "rc-condition"),
    ("exotic", 'if [ -z "$OS_Y" ]; then if [ -n "$OS_Y" ]; then OS_X=no; fi; export OS_X=v; fi', "rc-condition"),
    ("exotic", 'if [ -n "$OS_Y" ]; then if [ -z "$OS_Y" ]; then OS_X=no; fi; fi; export OS_X=v', "rc-condition"),
    ("exotic", "export OS_X=v\necho don\\'t >&2", "rc-operator"),
    ("exotic", "OS_X=v\nprintf '%s' \"$OS_X\"", "rc-command"),
    ("exotic", 'printf "%s: " "Code"\nread OS_PASSCODE', "rc-command"),
    ("exotic", 'OS_X=v\nprintf "for $OS_X: "', "rc-command"),
    ("exotic", 'WHO="${USER:-nobody}$1"', "rc-expansion"),
    ("exotic", "unset -v OS_X", "rc-syntax"),
    ("exotic", "set -o allexport", "rc-command"),
    ("command", "Zq7hunter", "rc-command"),
    ("command", "env OS_X=1", "rc-command"),
    ("command", "exit", "rc-command"),
    ("command", "; OS_X=1", "rc-syntax"),
    ("command", "OS_X=1;;", "rc-syntax"),
    ("command", '"export" OS_X=*', "rc-command"),
]


@pytest.mark.parametrize(("row", "text", "reference"), ROWS, ids=[f"{row[0]}-{i}" for i, row in enumerate(ROWS)])
def test_refused_on_its_line(
    row: str, text: str, reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    error = refused(f"# comment\nexport OS_OK=1\n{text}\n" if not text.endswith("\\") else f"\n\n{text}")
    assert error.reference == reference, error.message
    # The line named is the one of the command that was refused: within the row's own lines.
    line = int(error.message.split(" line ")[1].split(":")[0])
    assert 3 <= line <= 3 + text.count("\n")
    assert not (tmp_path / "canary").exists()


def test_an_unclosed_quote_is_named_where_it_was_opened_B027() -> None:
    swallowed = 'export OS_A=1\nexport OS_B="two\nexport OS_C="three"\nexport OS_D=4\n'
    assert "line 2:" in refused(swallowed).message
    assert "line 3:" in refused("export OS_A='1'\n# it's fine\nexport OS_B='\n\n\n").message


def test_spaces_around_the_equals_sign_are_explained_B028() -> None:
    assert "without the spaces" in refused("export OS_X = v").hint


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_B012(codec: str) -> None:
    error = refused("export OS_X=1\n".encode(codec))
    assert error.reference == ("rc-utf16" if codec == "utf-16" else "rc-nul")
    assert "UTF-8" in error.hint


def test_nul_B014() -> None:
    error = refused(b"export OS_X=1\nexport OS_PASSWORD=Zq7hunter\0x\n")
    assert error.reference == "rc-nul"
    assert "line 2:" in error.message


@pytest.mark.parametrize("data", [b"OS_X=\xff\n", b"OS_X=\xc3\n", b"OS_X=\xed\xa0\x80\n", b"OS_X=\xc0\x80\n"])
def test_not_utf_8(data: bytes) -> None:
    error = refused(b"\n" + data)
    assert error.reference == "rc-not-utf8"
    assert "line 2:" in error.message


@pytest.mark.parametrize("char", ["\x1b", "\r", "\x07", "\x7f", "\x85", "\x9b", "\x0c"])
def test_control_characters(char: str) -> None:
    error = refused(f"\nexport OS_X=a{char}b\n")
    assert error.reference == "rc-control-character"
    assert "line 2:" in error.message
    assert char not in error.message


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n# comments", "export FOO=1\n", "unset OS_X\n", "export OS_X\n"])
def test_no_variables_B018(text: str) -> None:
    error = refused(text)
    assert error.reference == "rc-no-variables"
    assert "no OS_ variables" in error.message


@pytest.mark.parametrize("url", ["http://c.example:5000/v2.0", "http://c.example:5000/v2.0/"])
def test_keystone_v2_B033(url: str) -> None:
    text = f"export OS_AUTH_URL={url}\nexport OS_TENANT_NAME=demo\nexport OS_USERNAME=a\nexport OS_PASSWORD=Zq7hunter\n"
    error = refused(text)
    assert error.reference == "rc-keystone-v2"
    assert "Keystone v2" in error.message
    assert "v3" in error.hint
    # With a sign of v3 the address is merely old.
    assert parse((text + "export OS_IDENTITY_API_VERSION=3\n").encode(), "x").values["OS_AUTH_URL"] == url


def test_other_formats_are_named() -> None:
    assert refused("<!DOCTYPE html>\n<html></html>").reference == "rc-web-page"
    assert refused("# mine\nclouds:\n  openstack:\n").reference == "rc-is-clouds-yaml"


def test_references_do_not_multiply_S20() -> None:
    doubled = "export OS_A=xxxxxxxxxx\n" + "export OS_A=$OS_A$OS_A\n" * 60
    assert refused(doubled).reference == "rc-value-too-long"


def test_too_large_B017() -> None:
    assert refused(b"OS_X=" + b"a" * 10 * MIB).reference == "rc-too-large"


@pytest.mark.parametrize("kind", ["elf", "gzip", "noise"])
def test_binary_B015(kind: str) -> None:
    noise = random.Random(15).randbytes(200_000)
    data = {"elf": b"\x7fELF\x02\x01\x01" + b"\0" * 9 + noise, "gzip": gzip.compress(noise), "noise": noise}[kind]
    assert refused(data).reference in ("rc-nul", "rc-not-utf8")
