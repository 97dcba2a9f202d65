"""clouds.yaml: one cloud is edited by line; every other byte and meaning stays."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from clouds_yaml_cases import ENTRY, HAND_MADE, QUIET, attempt, put
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.clouds_yaml.edit import cloud_names, remove_cloud


def drop(data: bytes, name: str = "js2") -> bytes:
    return remove_cloud(data, name, source="/x/clouds.yaml")


def malformed(data: bytes) -> JsobjError:
    """The same refusal from each of the three."""
    seen = []
    for call in (put, drop, lambda data: cloud_names(data, source="/x/clouds.yaml")):
        _, error = attempt(lambda call=call: call(data))  # type: ignore[misc]  # the usual way to bind a loop variable
        assert error is not None
        assert (error.code, error.reference) == (ExitCode.LOCAL, "clouds-file-malformed")
        assert "/x/clouds.yaml" in error.message
        assert error.hint
        seen.append(error)
    assert len({error.message for error in seen}) == 1
    return seen[0]


def test_a_new_file_is_plain_yaml() -> None:
    assert put(None) == (
        b"clouds:\n  js2:\n    auth:\n      auth_url: https://js2.example.org:5000/v3\n"
        b"      application_credential_id: '0123456789'\n    auth_type: v3applicationcredential\n"
        b"    region_name: IU\n    verify: true\n"
    )
    assert put(b"") == put(None)


def test_a_cloud_is_replaced_in_its_place() -> None:
    head, _, rest = HAND_MADE.partition(b"    js2:\n")
    tail = rest[rest.index(b"    lab:") :]
    new = put(HAND_MADE)
    assert new.startswith(head + b"    js2:\n        auth:\n            auth_url: https://js2.example.org:5000/v3\n")
    assert new.endswith(b"        verify: true\n" + tail)
    assert yaml.safe_load(new)["clouds"]["js2"] == ENTRY
    assert put(new) == new


def test_a_cloud_is_added_after_the_last() -> None:
    at = HAND_MADE.index(b"\n# the end")
    new = put(HAND_MADE, "new")
    assert new.startswith(HAND_MADE[:at] + b"    new:\n        auth:\n")
    assert new.endswith(b"        verify: true\n" + HAND_MADE[at:])
    assert cloud_names(new, source="f") == ("work", "js2", "lab", "new")
    assert drop(new, "new") == HAND_MADE


def test_a_cloud_is_removed_and_nothing_else() -> None:
    entry = b'    js2:\n        auth:\n            auth_url: "https://old"\n'
    assert drop(HAND_MADE) == HAND_MADE.replace(entry, b"")
    assert drop(HAND_MADE, "missing") == HAND_MADE


@pytest.mark.parametrize(
    "data",
    [
        b"# nothing yet\n",
        b"---\n",
        b"clouds:\n",
        b"clouds: {}\n",
        b"clouds:   {}  # none\n",
        b"clouds: null\n",
        b"clouds: ~  # none",
        b"clouds:\n  # none yet\n",
        b"a: 1\nclouds:\nb: 2\n",
        b"clouds: {}\r\nb: 2\r\n",
        b"\xef\xbb\xbfclouds: {}\n",
        b"'clouds':\n",
        b"---\nclouds: {}\n...\n",
        b"  clouds: {}\n  b: 2\n",
        b"clouds:\n  a: 1",
        b"clouds:\n  a: |+\n    text\n\n\n",
        b"clouds:\r\n    a:\r\n        b: .nan\r\n",
        b"base: &base {x: 1}\nclouds:\n  a: *base\n  b:\n    <<: *base\n",
    ],
)
def test_the_first_cloud_and_its_removal(data: bytes) -> None:
    new = put(data)
    assert yaml.safe_load(new)["clouds"]["js2"] == ENTRY
    assert (b"\r\n" in new) == (b"\r\n" in data)
    assert new.replace(b"\r\n", b"").count(b"\n") == (0 if b"\r\n" in data else new.count(b"\n"))
    gone = drop(new)
    assert "js2" not in cloud_names(gone, source="f")
    assert cloud_names(gone, source="f") == cloud_names(data, source="f")
    kept = {line.strip() for line in data.splitlines() if b"clouds" not in line}
    assert kept <= {line.strip() for line in new.splitlines()}
    if not cloud_names(data, source="f"):
        assert yaml.safe_load(gone)["clouds"] == {}


def test_the_last_line_stays_without_an_ending() -> None:
    assert put(b"clouds:\n  js2: 1", entry={"auth": 1}) == b"clouds:\n  js2:\n    auth: 1"


def test_secure_yaml_holds_one_secret() -> None:
    data = b"clouds:\n  other:\n    auth:\n      password: hunter2\n"
    new = put(data, entry={"auth": {"application_credential_secret": "x: #'\"\\ y"}})
    assert new.startswith(data)
    assert yaml.safe_load(new)["clouds"]["js2"] == {"auth": {"application_credential_secret": "x: #'\"\\ y"}}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"clouds:\n  a: 1\n\tb: 2\n", 3),
        (b"clouds:\n  a:\n   b: 1\n  c: 2\n d: 3\n", 5),
        (b"clouds:\n  a: [1\n", 3),
        (b"clouds:\n  a: 'x\n", 3),
        (b"clouds:\n  a: 1\n---\nclouds: {}\n", 3),
        (b"clouds:\n  a: 1\n  b: 2\n  a: 3\n", 4),
        (b"clouds:\n  a:\n    x: 1\n    x: 2\n", 4),
        (b"clouds:\n  a: 1\nclouds:\n  b: 1\n", 3),
        (b"clouds: {a: 1}\n", 1),
        (b"x: &x {a: 1}\nclouds: *x\n", 2),
        (b"clouds:\n  <<: {a: 1}\n", 2),
        (b"clouds:\n  ? a\n  : 1\n", 2),
        (b"clouds:\n  no: 1\n", 2),
        (b"clouds:\n  5: 1\n", 2),
        (b"clouds:\n  - a\n", 2),
        (b"- a\n", 1),
        (b"clouds:\n  a: caf\xe9\n", 2),
        (b"clouds:\n  a: x\x00\n", 2),
        (b"clouds:\n  a: x\x1b[0m\n", 2),
        (b"clouds:\r  a: x\r", 1),
        ("clouds:\n  a: x\u2028\n".encode(), 2),
        ("clouds: {}\n".encode("utf-16"), 1),
        (b"clouds:\n  a: &a [*a]\n", 2),
        (b"clouds:\n  a: *b\n", 2),
        (b"clouds:\n  a: " + b"[" * 100_000, 2),
        (b"clouds:\n" + b"".join(b" " * n + b"a:\n" for n in range(2, 90)), 51),
    ],
)
def test_b045_what_cannot_be_edited_is_refused_by_line(data: bytes, line: int) -> None:
    assert f"line {line}:" in malformed(data).message


def test_b043_a_tag_is_never_obeyed(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for tag in (
        f"!!python/object/apply:os.system ['touch {canary}']",
        f"!!python/object/new:subprocess.Popen [['touch', '{canary}']]",
        "!!python/name:os.system",
        "!secret x",
    ):
        for data in (f"clouds:\n  a: {tag}\n", f"x: {tag}\nclouds: {{}}\n"):
            assert "plain data" in malformed(data.encode()).message
    assert not canary.exists()


def test_b048_a_file_without_clouds_is_refused_with_the_line_to_add() -> None:
    error = malformed(b"cache: {auth: true}\n")
    assert "'clouds'" in error.message
    assert "clouds: {}" in error.hint


def test_b052_placeholders_are_literal() -> None:
    assert yaml.safe_load(put(None, entry={"a": "${HOME}"}))["clouds"]["js2"] == {"a": "${HOME}"}


@pytest.mark.parametrize(
    "data", [b"clouds:\n  a: !!timestamp x\n", b"clouds:\n  a: 2020-99-99\n", b"clouds:\n  a: !!bool x\n"]
)
def test_values_that_make_no_sense_are_refused(data: bytes) -> None:
    assert "no sense" in malformed(data).message


def test_s01_errors_do_not_quote_the_file() -> None:
    for data in (
        b"clouds:\n  a: {password: !canary x}\n",
        b"clouds:\n  a: {password: *canary}\n",
        b"clouds:\n  a: {password: %canary}\n",
        b"clouds:\n  a: {password: 'canary\n",
        b"clouds:\n  a:\n    canary: 1\n    canary: 2\n",
        b"clouds:\n  canary\n",
    ):
        error = malformed(data)
        assert "canary" not in f"{error.message}{error.context}{error.hint}"


@pytest.mark.parametrize(
    "data",
    [
        b"clouds:\n  js2: &x {a: 1}\n  b: *x\n",
        b"x: &x {a: 1}\nclouds:\n  js2: *x\n",
        b"x: &x {a: 1}\nclouds:\n  js2:\n    <<: *x\n    b: 2\n  c: 1\n",
    ],
)
def test_anchors_and_aliases_in_the_entry_are_not_edited(data: bytes) -> None:
    for call in (put, drop):
        _, error = attempt(lambda call=call: call(data))  # type: ignore[misc]  # the usual way to bind a loop variable
        assert error is not None
        assert "anchors" in error.message
        assert error.code is ExitCode.LOCAL
    assert cloud_names(data, source="f")[0] == "js2"


@pytest.mark.parametrize("data", [b"{clouds: {}}", b"--- {clouds: {}}\n", b"clouds: &c {}\nmore: *c\n"])
def test_an_edit_that_would_change_something_else_is_refused(data: bytes) -> None:
    _, error = attempt(lambda: put(data))
    assert error is not None
    assert (error.code, error.reference) == (ExitCode.LOCAL, "clouds-file-unsafe-edit")


def test_a_removal_that_would_lengthen_a_text_is_refused() -> None:
    """The blank lines after the entry would become part of the text before it."""
    data = b"clouds:\n  a:\n    k: |+\n      t\n  js2:\n    z: |\n      x\n\n\nb: 1\n"
    _, error = attempt(lambda: drop(data))
    assert error is not None
    assert error.reference == "clouds-file-unsafe-edit"


def test_s10_aliases_that_multiply_are_refused_at_once() -> None:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)]
    begin = time.process_time()
    assert "aliases" in malformed(b"\n".join([*lines, b"clouds: {}", b""])).message
    merges = [
        b"a0: &a0 {x: 1}",
        *(b"a%d: &a%d {<<: [%s]}" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)),
    ]
    assert "aliases" in malformed(b"\n".join([*merges, b"clouds: {}", b""])).message
    assert time.process_time() - begin < 20  # each would take longer than the age of the universe


def test_s20_a_file_beyond_all_measure_is_refused() -> None:
    assert "larger" in malformed(b"# x\n" * 300_000).message


# Hostile files: pieces that mean something to the parser, in any order.
PIECES = ["  a:\n    x: 1", "  b: 1", "  js2:\n    x: 1 # c", "    y: [1,\n    2]", "  js2: {a: 1}", "# c", "", "x: 1"]
PIECES += [
    "  c:\n    z: |\n      text\n",
    "  d:\n    w: 'q\n      q'",
    "  e: >+\n    f\n\n",
    "  g: &g {h: 1}",
    "  i: *g",
]
PIECES += [
    "---",
    "...",
    "    - 1",
    "  'k': 2",
    "clouds: {}",
    "  l:",
    "  m: !!str 5",
    "  js2:\n    <<: *g",
    "  \t",
    "    # d",
]
FILE = st.lists(st.sampled_from(PIECES), max_size=8, unique=True).map(lambda pieces: "\n".join(["clouds:", *pieces]))


@settings(QUIET, max_examples=1000)
@given(FILE, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\n"]))
def test_hostile_files_are_edited_right_or_refused(text: str, ending: str, last: str) -> None:
    data = (text + last).replace("\n", ending).encode()
    new, error = attempt(lambda: put(data))
    gone, _ = attempt(lambda: drop(data))
    for result in (new, gone):
        if result is not None:
            assert kept_in_order(data, result)
    if new is None:
        assert error is not None
        assert error.code is ExitCode.LOCAL
        return
    old_data, new_data = yaml.safe_load(data), yaml.safe_load(new)
    assert new_data["clouds"].pop("js2") == ENTRY
    old_clouds = old_data.pop("clouds", None) or {}
    old_clouds.pop("js2", None)
    assert new_data.pop("clouds") == old_clouds
    assert new_data == old_data


def kept_in_order(data: bytes, result: bytes) -> bool:
    """Whether the result begins and ends as the file did, with one block of lines exchanged in between."""
    old, new = data.splitlines(), result.splitlines()
    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    touched = [line for line in old[head : len(old) - tail] if line.strip() and not line.startswith(b"clouds:")]
    return all(line.startswith((b"  ", b"#")) for line in touched)
