"""The INI dialect of the AWS files: read as botocore reads, edited without touching another byte."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pytest
from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigParseError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.aws_files.ini_edit import remove_section, section, sections, set_section
from jsobj.identity.aws_files.ini_read import read

T = TypeVar("T")
QUIET = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    database=None,
)


def by_botocore(data: bytes) -> dict[str, dict[str, str | dict[str, str]]]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        parse: Any = raw_config_parse
        parsed: dict[str, dict[str, str | dict[str, str]]] = parse(file.name)
        return parsed


def attempt(call: Callable[[], T]) -> tuple[T | None, JsobjError | None]:
    """The result or the refusal."""
    try:
        return call(), None
    except JsobjError as error:
        return None, error


def malformed(data: bytes) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        read(data, "/x/credentials")
    assert caught.value.code is ExitCode.LOCAL
    assert caught.value.reference == "aws-file-malformed"
    assert "/x/credentials" in caught.value.message
    assert caught.value.hint
    # The same refusal stands before every edit.
    for edit in (lambda: set_section(data, "a", {"region": "x"}), lambda: remove_section(data, "a")):
        with pytest.raises(JsobjError, match=r"line|MiB"):
            edit()
    return caught.value


GOOD = {
    "empty": b"",
    "only comments": b"# a\n; b\n",
    "plain": b"[a]\nx = 1\ny=2\n[b]\nx: 3\n",
    "no final newline": b"[a]\nx = 1",
    "crlf": b"[a]\r\nx = 1\r\n\r\n[b]\r\ny = 2\r\n",
    "mixed endings": b"[a]\r\nx = 1\n[b]\ny = 2\r\n",
    "tabs": b"[a]\nx\t=\t1\n\ty = 2\n",
    "indented key after the header": b"[a]\n   x = 1\n   y = 2\n  z = 3\n[b]\nq = 1\n",
    "inline comment is the value": b"[a]\nx = 1 # one\n",
    "nested": b"[a]\ns3 =\n  addressing_style = path\n  # c\n\n  max_concurrent_requests = 3\nregion = r\n",
    "nested after a blank": b"[a]\ns3 =\n\n  k = v\n\n\n[b]\nx = 1\n",
    "multi-line value": b"[a]\nnote = one\n  two\n  three = 3\nregion = r\n",
    "case": b"[a]\nAWS_Access_Key_ID = X\n[A]\nx = 1\n",
    "defaults": b"[DEFAULT]\nregion = d\n[a]\nx = 1\n[b]\nregion = b\n",
    "empty section": b"[a]\n[b]\nx =\n",
    "text after the header": b"[a] # c\nx = 1\n",
    "unicode": "[é]\nx = ü # 日本\n".encode(),
    "blank in names": b"[profile my name]\nx y = 1\n",
    "equals in value": b"[a]\nx = a=b:c;d#e%f[g]'h\"\n",
    "services": b"[services s]\ns3 =\n  endpoint_url = http://x\n[profile p]\nservices = s\n",
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_b102_read_as_botocore_reads(data: bytes) -> None:
    assert sections(data, source="f") == by_botocore(data)


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_b102_an_edit_elsewhere_keeps_every_byte(data: bytes) -> None:
    new = set_section(data, "ours", {"region": "r", "s3": {"addressing_style": "path"}})
    assert new.startswith(data)
    ending = b"\r\n" if b"\r\n" in data.split(b"\n")[0] + b"\n" else b"\n"
    block = ending.join([b"[ours]", b"region = r", b"s3 =", b"    addressing_style = path", b""])
    assert new[len(data) :].lstrip(b"\r\n") == block
    expected = by_botocore(data)
    found = by_botocore(new)
    ours = found.pop("ours")
    assert found == expected
    assert ours["region"] == "r"
    # Setting the same again changes nothing, and without our section the rest is as it was.
    assert set_section(new, "ours", {"region": "r", "s3": {"addressing_style": "path"}}) == new
    assert by_botocore(remove_section(new, "ours")) == expected
    assert remove_section(new, "ours").startswith(data)


# (file, line of the fault)
BAD = {
    "duplicate section": (b"[a]\nx = 1\n[b]\n[a]\n", 4),
    "duplicate key": (b"[a]\nx = 1\n\nx = 2\n", 4),
    "duplicate key by case": (b"[a]\nkey = 1\nKEY = 2\n", 3),
    "junk line": (b"[a]\nx = 1\njunk\n", 3),
    "no section": (b"# c\nx = 1\n", 2),
    "unclosed header": (b"[a]\nx = 1\n[b\n", 3),
    "header that is a key": (b"[a]\n[b = 1\n", 2),
    "no key": (b"[a]\n= 1\n", 2),
    "empty header": (b"[]\nx = 1\n", 1),
    "bracket in a name": (b"[a] [b]\n", 1),
    "bom": (b"\xef\xbb\xbf[a]\nx = 1\n", 1),
    "utf-16": ("[a]\nx = 1\n".encode("utf-16"), 1),
    "utf-16 be": (b"\xfe\xff" + "[a]\n".encode("utf-16-be"), 1),
    "latin-1 comment": ("[a]\n# caf\xe9\nx = 1\n".encode("latin-1"), 2),
    "nul": (b"[a]\nx = 1\x00\n", 2),
    "lone cr": (b"[a]\nx = 1\ry = 2\n", 2),
    "odd break": ("[a]\ns3 =\n  a = 1\u2028b = 2\n".encode(), 3),
    "swallowed key": (b"[a]\naws_access_key_id = X\n  aws_secret_access_key = Y\n", 3),
    "swallowed by another key": (b"[a]\noutput = json\n  aws_secret_access_key = Y\n", 3),
    "swallowed by an empty key": (b"[a]\naws_access_key_id =\n  aws_secret_access_key = Y\n", 3),
    "swallowed section": (b"[a]\nx = 1\n  [b]\ny = 2\n", 3),
    "block with a value": (b"[a]\ns3 = x\n  addressing_style = path\n", 3),
    "broken block": (b"[a]\ns3 =\n  addressing_style\n", 3),
}


@pytest.mark.parametrize(("data", "line"), BAD.values(), ids=BAD)
def test_b104_a_malformed_file_is_refused_by_line(data: bytes, line: int) -> None:
    assert f"line {line}" in malformed(data).message


def test_b104_ten_mebibytes_are_refused() -> None:
    assert "10 MiB" in malformed(b"[a]\n" + b"# x\n" * (10 << 18)).message


def test_b104_secrets_at_the_wrong_place_are_not_shown() -> None:
    for data in (
        b"[a]\naws_secret_access_key\ncanary/secret==\n",
        b"[a]\ncanarysecret== \ncanarysecret==\n",
        b"[a]\ncanarysecret=\n  x\n",
        b"[a]\naws_secret_access_key = x\n  canarysecret\n",
        b"canarysecret\n",
        b"[a]\nx = caf\xe9canarysecret\n",
    ):
        error = malformed(data)
        assert "canary" not in f"{error.message} {error.context} {error.hint}"


@pytest.mark.parametrize(
    "data",
    [
        b"[a]\n" + b"a" + b" " * 900_000 + b"b = 1\n",
        b"[a]\n" + b"a" + b" " * 900_000 + b"= 1\n",
        b"[a]\n" + b"[" * 900_000 + b"\n",
        b"[a]\nx = 1" + b"\n" * 100_000 + b"[b]\n",
        b"[a]\nx =\n" + b"  y = 1\n" * 50_000,
        b"[" * 900_000,
        b"[a]\n" + b"x = 1\n" * 100_000,
    ],
    ids=range(7),
)
def test_s20_a_mebibyte_of_anything_is_read_or_refused_at_once(data: bytes) -> None:
    """Quadratic work would take minutes here; the bound leaves room for a busy machine."""
    begin = time.process_time()
    _, error = attempt(lambda: sections(data, source="f"))
    assert error is None or error.code is ExitCode.LOCAL
    assert time.process_time() - begin < 20


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"[a]\nregion=old\nx = 1\n", b"[a]\nregion=new\nx = 1\n"),
        (b"[a]\r\nregion\t:  old  \r\nx = 1\r\n", b"[a]\r\nregion\t:  new\r\nx = 1\r\n"),
        (b"[a]\nregion =\n", b"[a]\nregion = new\n"),
        (b"[a]\nREGION = old", b"[a]\nREGION = new"),
        (b"[a]\n# c\n[b]\n", b"[a]\nregion = new\n# c\n[b]\n"),
        (b"[a]\nx = 1\n\n# about b\n[b]\ny = 2\n", b"[a]\nx = 1\nregion = new\n\n# about b\n[b]\ny = 2\n"),
        (b"[a]\n  x = 1\n\n  [b]\n", b"[a]\n  x = 1\n  region = new\n\n  [b]\n"),
        (b"[a]\nx = 1", b"[a]\nx = 1\nregion = new\n"),
        (b"[a]\ns3 =\n  k = v\n\n[b]\n", b"[a]\ns3 =\n  k = v\nregion = new\n\n[b]\n"),
        (b"[b]\nx = 1", b"[b]\nx = 1\n\n[a]\nregion = new\n"),
        (b"[b]\nx = 1\n\n", b"[b]\nx = 1\n\n[a]\nregion = new\n"),
        (b"", b"[a]\nregion = new\n"),
    ],
)
def test_b102_one_key_is_set_in_its_place(before: bytes, after: bytes) -> None:
    assert set_section(before, "a", {"region": "new"}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"[a]\ns3 =\n  max_queue_size = 9\n  # c\nx = 1\n",
            b"[a]\ns3 =\n  max_queue_size = 9\n  addressing_style = path\n  # c\nx = 1\n",
        ),
        (b"[a]\ns3 =\n\taddressing_style=auto\n", b"[a]\ns3 =\n\taddressing_style=path\n"),
        (b"[a]\ns3 =\nx = 1\n", b"[a]\ns3 =\n    addressing_style = path\nx = 1\n"),
        (b"[a]\nx = 1\n", b"[a]\nx = 1\ns3 =\n    addressing_style = path\n"),
        (b"[a]\n  x = 1\n", b"[a]\n  x = 1\n  s3 =\n      addressing_style = path\n"),
    ],
)
def test_b102_a_nested_block_is_merged(before: bytes, after: bytes) -> None:
    assert set_section(before, "a", {"s3": {"addressing_style": "path"}}) == after


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[a]\ns3 = endpoint_url\n", "plain value"),
        (b"[a]\ns3 =\n  addressing_style = a\n  addressing_style = b\n", "twice"),
    ],
)
def test_a_block_that_cannot_be_merged_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(JsobjError, match=words) as caught:
        set_section(data, "a", {"s3": {"addressing_style": "path"}})
    assert caught.value.code is ExitCode.LOCAL


def test_an_edit_that_would_change_something_else_is_refused() -> None:
    with pytest.raises(JsobjError) as caught:
        set_section(b"[a]\n[DEFAULT]\ns3 =\n  k = v\n", "a", {"s3": {"addressing_style": "path"}})
    assert caught.value.reference == "aws-file-unsafe-edit"


def test_keys_are_removed_and_nothing_else() -> None:
    tail = b"\n# b\n[b]\nregion = q\n"
    data = b"# top\n[a]\n# one\nregion = r\n# two\nx = 1\ns3 =\n  addressing_style = path\n  k = v\n" + tail
    new = set_section(data, "a", {}, remove=["region", "s3.addressing_style", "missing", "missing.inner", "x.inner"])
    assert new == b"# top\n[a]\n# one\n# two\nx = 1\ns3 =\n  k = v\n\n# b\n[b]\nregion = q\n"
    new = set_section(new, "a", {}, remove=["s3.k", "x"])
    assert new == b"# top\n[a]\n# one\n# two\n\n# b\n[b]\nregion = q\n"
    assert remove_section(new, "a", only_empty=True) == b"# top\n# one\n# two\n\n# b\n[b]\nregion = q\n"
    assert remove_section(new, "b", only_empty=True) == new
    assert remove_section(new, "b") == b"# top\n[a]\n# one\n# two\n\n# b\n"
    assert remove_section(new, "missing") == new


def test_a_default_comes_to_light_when_a_key_is_removed() -> None:
    new = set_section(b"[DEFAULT]\nregion = d\n[a]\nregion = r\n", "a", {}, remove=["region"])
    assert section(new, "a") == {"region": "d"}


SECRETS = [
    "a=b",
    "a#b",
    "#ab",
    "a;b",
    ";ab",
    "%(a)s",
    "50%",
    "[a]",
    "a b",
    "'a'",
    '"a"',
    "a\\b",
    "a:b",
    "ü",
    "=",
    "$HOME",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_b107_a_secret_reads_back_identically_in_botocore(secret: str) -> None:
    new = set_section(b"[b]\nx = 1\n", "a", {"aws_secret_access_key": secret, "s3": {"k": secret}})
    assert by_botocore(new)["a"] == {"aws_secret_access_key": secret, "s3": {"k": secret}}


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@QUIET
@given(
    TEXT,
    st.sampled_from([b"", b"[b]\nx = 1", b"[a]\naws_secret_access_key = old\n[c]\n", b"[a]\r\ns3 =\r\n k = v\r\n"]),
)
def test_b107_any_secret_round_trips_or_is_refused(secret: str, data: bytes) -> None:
    values: Mapping[str, str | Mapping[str, str]] = {"aws_secret_access_key": secret, "s3": {"k": secret}}
    new, error = attempt(lambda: set_section(data, "a", values))
    if new is None:
        assert error is not None
        assert error.code is ExitCode.USAGE
        assert secret != secret.strip() or not secret.isprintable()
    else:
        found = by_botocore(new)["a"]
        assert found["aws_secret_access_key"] == secret
        assert found["s3"] == {"k": secret}


@pytest.mark.parametrize(
    "bad", ["x\ny", "x\ry", "x\0y", "x\x1by", "x\u2028y", "x\x85y", "canary ", "\tcanary", "x\ud800"]
)
def test_b108_a_value_that_breaks_the_line_is_a_usage_error_without_the_value(bad: str) -> None:
    for values in ({"aws_secret_access_key": f"canary{bad}"}, {"s3": {"addressing_style": f"canary{bad}"}}):
        with pytest.raises(JsobjError) as caught:
            set_section(b"", "a", values)
        error = caught.value
        assert error.code is ExitCode.USAGE
        assert "canary" not in f"{error.message} {error.context} {error.hint}"


@pytest.mark.parametrize("name", ["", "a\nb", "a\rb", "a]b", "a\0", " a", "a ", "DEFAULT", "\x1b[0m"])
def test_b108_a_name_that_breaks_the_header_is_a_usage_error(name: str) -> None:
    with pytest.raises(JsobjError) as caught:
        set_section(b"", name, {"region": "r"})
    assert caught.value.code is ExitCode.USAGE


# Hostile files: made of pieces that mean something to the parser.
PIECES = ["[a]", "[b]", "[DEFAULT]", "[", "]", "x", "y", "X", "s3", "region", "=", ":", " ", "  ", "\t", "\n", "\n"]
PIECES += ["\n  ", "\r\n", "#", ";", "1", "=\n  k = v", "x = 1\n", "y=2\n", "[ours]\n", "\x0c", "\xa0", "é", "\r"]
FILE = st.lists(st.sampled_from(PIECES), max_size=25).map(lambda pieces: "".join(pieces).encode())

# Mostly sound files: whole lines.
LINE = st.sampled_from(["[a]", "[b]", "[DEFAULT]", "x = 1", "y: 2", "  z = 3", "s3 =", "  k = v", "region = q", "# c"])
LINES = st.lists(st.tuples(LINE | st.just(""), st.sampled_from(["\n", "\n", "\r\n"])), max_size=8).map(
    lambda lines: "".join(line + ending for line, ending in lines).encode()
)


@settings(QUIET, max_examples=1500)
@given(FILE | LINES)
def test_b104_whatever_botocore_refuses_is_refused_and_the_rest_is_read_alike(data: bytes) -> None:
    found, error = attempt(lambda: sections(data, source="f"))
    if found is None:
        assert error is not None
        assert error.code is ExitCode.LOCAL
    else:
        assert found == by_botocore(data)


def test_b104_that_property_sees_both_outcomes() -> None:
    with pytest.raises(ConfigParseError):
        by_botocore(b"[a]\n[a]\n")
    assert by_botocore(b"[a]\nx=1") == {"a": {"x": "1"}}


@settings(QUIET, max_examples=300)
@given(LINES, LINES, st.sampled_from(["x = 9\n", "region = old\n", "s3 =\n   k = v\n", "", "\n# c\n", "  y = 1\n"]))
def test_b102_bytes_outside_the_section_are_identical(head: bytes, tail: bytes, body: str) -> None:
    """The section stands between two pieces that were files on their own; each keeps its bytes and its meaning."""
    head = head if not head or head.endswith(b"\n") else head + b"\n"
    tail = b"[tail]\n" + tail
    data = head + b"[mine]\n" + body.encode() + tail
    assume(attempt(lambda: sections(data, source="f"))[1] is None)
    values: Mapping[str, str | Mapping[str, str]] = {"region": "r", "s3": {"addressing_style": "path"}}
    new, error = attempt(lambda: set_section(data, "mine", values))
    if new is None:
        assert error is not None
        assert error.reference == "aws-file-unsafe-edit"
        return
    assert new.startswith(head + b"[mine]")
    assert new.endswith(tail)
    before, after = by_botocore(data), by_botocore(new)
    ours = after.pop("mine")
    assert after == {name: keys for name, keys in before.items() if name != "mine"}
    assert ours["region"] == "r"
    assert ours["s3"]["addressing_style"] == "path"  # type: ignore[index]  # a nested block
    gone = remove_section(new, "mine")
    assert gone.startswith(head)
    assert gone.endswith(tail)
    assert by_botocore(gone) == after
