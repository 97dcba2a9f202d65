"""RC files of every shape in use, and what the parser says of them. Files that must be refused: test_rc_file_bad.py."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rc_files import ID, PASSWORD_RC, QUESTION, SECRET, new_horizon, old_horizon

from jsobj.errors import JsobjError
from jsobj.identity.rc.file import RcFile, missing, parse
from jsobj.secret import Secret


def rc(text: str) -> RcFile:
    return parse(text.encode(), "demo-openrc.sh")


def revealed(file: RcFile, name: str = SECRET) -> tuple[str, ...]:
    return tuple(secret.reveal() for secret in file.secrets[name])


# Horizon's files


def test_password_rc_B019_B020_B021_B022() -> None:
    file = rc(PASSWORD_RC)
    assert dict(file.values) == {
        "OS_AUTH_URL": "https://cloud.example:5000/v3/",
        "OS_PROJECT_ID": "fedcba98765432100123456789abcdef",
        "OS_PROJECT_NAME": "demo",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_ID": "default",
        "OS_USERNAME": "alice",
        "OS_INTERFACE": "public",
        "OS_IDENTITY_API_VERSION": "3",
    }
    assert dict(file.prompts) == {"OS_PASSWORD": QUESTION}
    assert not file.secrets
    assert file.unset == {"OS_TENANT_ID", "OS_TENANT_NAME", "OS_REGION_NAME"}
    assert file.lines["OS_AUTH_URL"] == 4
    assert file.lines["OS_PASSWORD"] == 19
    assert set(file.lines) == {*file.values, "OS_PASSWORD"}
    assert not file.notices
    assert missing(file) == ()


def test_password_rc_with_quoted_names_is_repaired_0_10() -> None:
    text = PASSWORD_RC.replace('"demo"', r'"Bob\'s demo\!"').replace("=$OS_PASSWORD_INPUT", '="$OS_PASSWORD_INPUT"')
    file = rc(text)
    assert file.values["OS_PROJECT_NAME"] == "Bob's demo!"
    assert "Bob's demo! as user alice" in file.prompts["OS_PASSWORD"]
    assert "line 7" in file.notices[0]


@pytest.mark.parametrize("make", [old_horizon, new_horizon])
def test_application_credential_rc(make: Callable[[str], str]) -> None:
    file = rc(make("Zm9v-bar_BAZ0123456789"))
    assert revealed(file) == ("Zm9v-bar_BAZ0123456789",)
    assert file.values["OS_APPLICATION_CREDENTIAL_ID"] == ID
    assert file.values["OS_AUTH_TYPE"] == "v3applicationcredential"
    assert file.values["OS_REGION_NAME"] == "IU"
    assert SECRET not in file.values
    assert file.lines[SECRET] == 9
    assert not file.notices
    assert missing(file) == ()


@pytest.mark.parametrize(
    ("secret", "second"),
    [
        ("a&b", "a&amp;b"),
        ("two words", None),
        ("a$b;c", None),
        ("semi;colon", None),
        ("(paren", None),
        ("back\\slash", "backslash"),
        ("ends with\\", None),
        ("a #b", "a"),
        ("'quoted'", "&#x27;quoted&#x27;"),
        ("<b>", "&lt;b&gt;"),
        ("a{b,c}", None),
        ("~", None),
    ],
)
def test_old_horizon_secret_is_the_rest_of_the_line_unescaped_0_10(secret: str, second: str | None) -> None:
    file = rc(old_horizon(secret))
    # Where bash makes an error of the line, the second thing to try is the line as it stands, if that differs.
    assert revealed(file) == ((secret, second) if second else (secret,))
    assert "single quotes" in file.notices[0]
    assert secret not in file.notices[0]


@pytest.mark.parametrize(
    ("secret", "literal"), [("O'Brien", r"O\'Brien"), ("p!w", r"p\!w"), ("!'$`\"\\", "\\!\\'$`\"\\")]
)
def test_new_horizon_escapes_are_undone_and_the_literal_is_second_0_10(secret: str, literal: str) -> None:
    file = rc(new_horizon(secret))
    assert revealed(file) == (secret, literal)
    assert "line 9" in file.notices[0]


def test_new_horizon_escapes_that_bash_undoes_are_no_fault_0_10() -> None:
    file = rc(new_horizon('a$b`c"d\\e'))
    assert revealed(file) == ('a$b`c"d\\e',)
    assert not file.notices


def test_a_region_is_repaired_in_both_templates_0_10() -> None:
    assert rc(new_horizon("s", region="it's")).values["OS_REGION_NAME"] == "it's"
    assert rc(old_horizon("s", region=r"a\!b")).values["OS_REGION_NAME"] == "a!b"


SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30).filter(
    lambda text: text == text.strip()  # as Django's form field does
)


@settings(derandomize=True, deadline=None, database=None, max_examples=300)
@given(SECRETS)
def test_whatever_was_typed_into_horizon_comes_first_0_10_B041(secret: str) -> None:
    assert revealed(rc(old_horizon(secret)))[0] == secret
    assert revealed(rc(new_horizon(secret)))[0] == secret


@pytest.mark.parametrize(
    "text",
    [
        new_horizon("x").replace('"x"', "'p\\!w'"),  # edited by hand: bash's rules
        old_horizon("x").replace("SECRET=x", "SECRET='p\\!w'"),
        new_horizon("p!w").replace("OS_INTERFACE", "OS_IFACE"),  # not the template
        new_horizon("p!w").replace('export OS_REGION_NAME="IU"\n', ""),
        new_horizon("p!w") + r'export OS_APPLICATION_CREDENTIAL_SECRET="p\!w"' + "\n",
    ],
)
def test_only_an_untouched_template_is_repaired_0_10(text: str) -> None:
    file = rc(text)
    assert revealed(file) == ("p\\!w",)
    assert not file.notices


def test_lines_added_below_the_template_do_not_stop_the_repair_0_10() -> None:
    file = rc(old_horizon("a b;c") + "export KUBECONFIG=$(pwd -P)/config\nexport OS_CACERT=/etc/ca.pem\n")
    assert revealed(file)[0] == "a b;c"
    assert file.values["OS_CACERT"] == "/etc/ca.pem"


def test_a_template_inside_a_guard_that_fails_is_not_taken() -> None:
    lines = old_horizon("a b;c").splitlines()
    text = "\n".join([*lines[:2], 'if [ -n "$OS_NOPE" ]; then', *lines[2:], "fi", "OS_X=1"])
    assert dict(rc(text).secrets) == {}


def test_the_misspelt_auth_type_is_corrected() -> None:
    file = rc(old_horizon("x").replace("v3applicationcredential", "v3application_credential"))
    assert file.values["OS_AUTH_TYPE"] == "v3applicationcredential"
    assert "misspelt" in file.notices[0]


# What people write


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("export OS_X=v", "v"),
        ("OS_X=v; export OS_X", "v"),
        ("export OS_X\nOS_X=v", "v"),
        ("export OS_A=1 OS_X=v OS_B=2", "v"),
        ("  export\tOS_X=v \t;  ", "v"),
        ("export OS_X='a b'", "a b"),
        ('export OS_X="a b"', "a b"),
        (r'export OS_X="\$\`\"\\\n\!"', r"$`\"\\n\!".replace(r"\"", '"', 1)),
        (r"export OS_X=a\ b\;c\\", r"a b;c" + "\\"),
        (r"export OS_X='it'\''s'", "it's"),  # B024
        ('export OS_X="it\'s"\' "q"\'', 'it\'s "q"'),
        ("export OS_X=a#b # c", "a#b"),
        ("export OS_X=a=b==", "a=b=="),
        ("export OS_X=*?[a]", "*?[a]"),
        ("export OS_X=host~1", "host~1"),
        ("export OS_X=a\\\nb", "ab"),  # B031
        ('export OS_X="a\\\nb"', "ab"),
        ("export \\\n  OS_X=v", "v"),
        ("A=v\nexport OS_X=$A", "v"),
        ("A='v w'\nexport OS_X=${A}-$A", "v w-v w"),
        ('OS_Y=v\nexport OS_X="<$OS_Y>"', "<v>"),
        ("OS_A=old\nexport OS_A=new OS_X=$OS_A", "old"),
        ("OS_A=old\nOS_A=new OS_X=$OS_A", "new"),
        ("unset OS_Y\nexport OS_X=v$OS_Y", "v"),
        ("export OS_X='$A $(b) `c`'", "$A $(b) `c`"),
        ('export OS_X="a$ $% b$"', "a$ $% b$"),
        ("export OS_X=1\nexport OS_X=v", "v"),
        ("#!/bin/sh\nset +x\nset -a\nOS_X=v\nset +a", "v"),
        ("export OS_X='\u00fc\u00a0\u6f22'", "\u00fc\u00a0\u6f22"),
        ("export OS_X=v\\\n", "v"),
        ('if [ -z "$OS_Y" ]; then export OS_X=v; fi', "v"),
        ("if [[ -z $OS_Y ]]\nthen\n\n  # so\n  export OS_X=v\nfi", "v"),
    ],
)
def test_shapes(text: str, value: str) -> None:
    assert rc(text).values["OS_X"] == value


def test_crlf_and_bom_B009_B011() -> None:
    plain = rc(PASSWORD_RC)
    file = parse(b"\xef\xbb\xbf" + PASSWORD_RC.replace("\n", "\r\n").encode(), plain.name)
    assert file == plain
    assert "\r" not in json.dumps([*file.values.values(), *file.prompts.values()])


@pytest.mark.parametrize("quote", ["single", "double", "old", "new"])
def test_every_printable_character_comes_through_B041(quote: str) -> None:
    secret = string.digits + string.ascii_letters + string.punctuation + " \u00e9\u00df\u6f22\U0001f511"
    text = {
        "single": f"export {SECRET}=" + "'" + secret.replace("'", "'\\''") + "'",
        "double": f"export {SECRET}=" + '"' + "".join("\\" + c if c in '\\"$`' else c for c in secret) + '"',
        "old": old_horizon(secret),
        "new": new_horizon(secret),
    }[quote]
    assert revealed(rc(text))[0] == secret


def test_other_variables_are_ignored_and_never_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    file = rc(
        f"export KUBECONFIG=$(touch {canary})/config\nIP=`touch {canary}`\nexport OS_X=v\nexport PATH=~/bin:$PATH\n"
    )
    assert dict(file.values) == {"OS_X": "v"}
    assert file.notices == ("demo-openrc.sh also sets other variables, ignored and not run: KUBECONFIG, IP, PATH",)
    assert not canary.exists()


def test_a_value_without_export_is_taken_with_a_notice() -> None:
    file = rc("OS_X=v\nexport OS_Y=w\n")
    assert file.values["OS_X"] == "v"
    assert [notice for notice in file.notices if "OS_X" in notice and "without export" in notice]
    assert "OS_Y" not in file.notices[0]


def test_empty_values_are_dropped() -> None:
    file = rc("export OS_X=\nexport OS_Y=''\nexport OS_PASSWORD=\"\"\nexport OS_Z=1\n")
    assert dict(file.values) == {"OS_Z": "1"}
    assert not file.secrets


def test_unset_is_honoured_in_order_B019() -> None:
    file = rc("export OS_A=1 OS_B=2\nunset OS_A OS_B OS_C\nexport OS_B=3\n")
    assert dict(file.values) == {"OS_B": "3"}
    assert file.unset == {"OS_A", "OS_C"}


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        ("read -s OS_PASSWORD", {"OS_PASSWORD": "OS_PASSWORD: "}),
        ("read -rsp 'Pass: ' OS_PASSWORD; echo", {"OS_PASSWORD": "Pass: "}),
        ('A=bob\nread -r -s -p "For $A: " P\nexport OS_PASSWORD="$P"', {"OS_PASSWORD": "For bob: "}),
        ('printf "Name:\\n"\nread OS_USERNAME', {"OS_USERNAME": "Name:"}),
        (
            "echo -n 'User: '\nread OS_USERNAME\nread -s OS_PASSWORD",
            {"OS_USERNAME": "User: ", "OS_PASSWORD": "OS_PASSWORD: "},
        ),
        ('export OS_TOKEN=t0k\necho "was $OS_TOKEN"\nread OS_PASSWORD', {"OS_PASSWORD": "was ***"}),
        ('echo "two\nlines"\nread OS_PASSWORD', {"OS_PASSWORD": "two lines"}),
        ("read OS_PASSWORD\nunset OS_PASSWORD\nOS_X=1", {}),
        ("read OS_PASSWORD\nOS_PASSWORD=known", {}),
        ('if [ -z "$OS_PASSWORD" ]; then read -s OS_PASSWORD; fi', {"OS_PASSWORD": "OS_PASSWORD: "}),
    ],
)
def test_prompts_B021(text: str, prompts: dict[str, str]) -> None:
    assert dict(rc(text).prompts) == prompts


@pytest.mark.parametrize(
    "name", ["OS_PASSWORD", SECRET, "OS_TOKEN", "OS_PASSCODE", "OS_CLIENT_SECRET", "OS_ACCESS_TOKEN"]
)
def test_secrets_do_not_show(name: str) -> None:
    file = rc(f"export {name}=hunter2\nexport OS_ACCESS_TOKEN_ENDPOINT=https://c.example OS_ACCESS_TOKEN_TYPE=x\n")
    assert file.secrets[name] == (Secret("hunter2"),)
    assert "hunter2" not in repr(file)
    assert set(file.values) == {"OS_ACCESS_TOKEN_ENDPOINT", "OS_ACCESS_TOKEN_TYPE"}


# What is missing


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("OS_AUTH_TYPE=v3applicationcredential", ("OS_AUTH_URL", "OS_APPLICATION_CREDENTIAL_ID", SECRET)),
        ("OS_APPLICATION_CREDENTIAL_ID=1", ("OS_AUTH_URL", SECRET)),
        ("OS_AUTH_URL=u OS_APPLICATION_CREDENTIAL_NAME=n", ("OS_USERNAME or OS_USER_ID", SECRET)),
        ("OS_AUTH_URL=u OS_APPLICATION_CREDENTIAL_NAME=n OS_USER_ID=1; read " + SECRET, ()),
        ("OS_REGION_NAME=r", ("OS_AUTH_URL", "OS_USERNAME or OS_USER_ID", "OS_PROJECT_NAME or OS_PROJECT_ID")),
        ("OS_AUTH_URL=u OS_USER_ID=1 OS_TENANT_NAME=t", ()),
        ("OS_AUTH_TYPE=v3oidcdeviceauthz OS_REGION_NAME=r", ("OS_AUTH_URL",)),
    ],
)
def test_missing_lists_all_at_once_B034(text: str, lacking: tuple[str, ...]) -> None:
    assert missing(rc(text)) == lacking


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("export OS_USERNAME=\u201cbob\u201d", "a typographic quote (U+201C)"),
        ("export OS_USERNAME=\u2018bob\u2019", "a typographic quote (U+2018)"),
        ("OS_USERNAME='bob\u2019", "a single quote is opened"),
        ("export OS_USERNAME=bob\u00a0", "a no-break space (U+00A0)"),
        ("export OS_USERNAME='bob'\u00a0", "a no-break space (U+00A0)"),
        ("export\u00a0OS_USERNAME=bob", "a no-break space (U+00A0)"),
        ("\u202fexport OS_USERNAME=bob", "a no-break space (U+202F)"),
        ("export \u201cOS_USERNAME=bob\u201d", "a typographic quote (U+201C)"),
        ("export OS_\u200bUSERNAME=bob", "a no-break space (U+200B)"),
    ],
)
def test_typographic_quotes_and_blanks_are_refused_by_name_and_line(line: str, what: str) -> None:
    with pytest.raises(JsobjError) as caught:
        parse(f"export OS_AUTH_URL=https://k/v3\n{line}\n".encode(), name="my.sh")
    assert "my.sh line 2: " in caught.value.message
    assert what in caught.value.message
    assert "bob" not in caught.value.message + caught.value.hint


def test_within_quotes_and_in_comments_they_may_stand() -> None:
    text = "# it\u2019s\necho your project\u2019s file\nexport OS_PASSWORD='a\u201cb\u00a0c'\n"
    text += 'export OS_USERNAME="\u2019"\n'
    found = parse(text.encode(), name="my.sh")
    assert found.values["OS_USERNAME"] == "\u2019"
    assert [secret.reveal() for secret in found.secrets["OS_PASSWORD"]] == ["a\u201cb\u00a0c"]
