"""What the check says about policies; ``tests/rgw/test_policy_honoured.py`` tries each of them on servers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from policy_cases import BUCKET, CASES, LOCKS, OWNER, Case, Names, document

from jsobj.share.grants.statements import grant_statements, owner_statement
from jsobj.share.policy import public_statements
from jsobj.share.policy_check.check import check
from jsobj.share.policy_check.finding import REFUSED
from jsobj.share.policy_check.who import PolicyBucket

NAMES = Names()
TARGET = PolicyBucket(BUCKET, OWNER, tenants=False)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_policy_is_judged(case: Case) -> None:
    found = check(case.make(NAMES), TARGET)
    assert tuple(each.rule for each in found if each.error) == case.rules, found
    assert any(each.level == REFUSED for each in found) == (not case.accepted)
    warnings = {each.rule for each in found if not each.error}
    if case.anonymous and not case.rules:
        assert "public" in warnings


@pytest.mark.parametrize(("name", "make", "locked"), LOCKS, ids=[lock[0] for lock in LOCKS])
def test_an_owner_who_would_be_locked_out_is_found(name: str, make: Callable[[Names], Any], locked: bool) -> None:
    found = check(document(make(NAMES)), TARGET)
    assert ("locks-owner-out" in {each.rule for each in found}) == locked, found


def test_two_statements_lock_out_together() -> None:
    parts = [
        NAMES.allow(Effect="Deny", Action=action, Resource=NAMES.arn)
        for action in ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
    ]
    (found,) = [each for each in check(document(*parts), TARGET) if each.rule == "locks-owner-out"]
    assert found.level == "risk"


def test_a_denial_of_plain_http_leaves_the_owner_https() -> None:
    only_http = {"BoolIfExists": {"aws:SecureTransport": "false"}}
    denial = NAMES.allow(Effect="Deny", Action="s3:*", Resource=[NAMES.arn, f"{NAMES.arn}/*"], Condition=only_http)
    (found,) = check(document(denial), TARGET)
    assert (found.rule, found.error) == ("denies-owner", False)
    assert "plain http" in found.reason


def test_places_are_lines_and_columns_from_1() -> None:
    text = json.dumps({"Statement": [NAMES.allow(), NAMES.allow(Action=["s3:GetObject", "s3:Nothing"])]}, indent=2)
    (found,) = [each for each in check(text, TARGET) if each.error]
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "Nothing" in each)
    assert (found.line, found.column) == (line, text.splitlines()[line - 1].index('"') + 1)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("{", 1, 2),
        ('{"a": 1,}', 1, 8),
        ('{"a": [1 2]}', 1, 10),
        ('{"a" 1}', 1, 6),
        ("{\n \"a\": 'x'}", 2, 7),
        ('{"a": "x\ny"}', 1, 9),
        ("// c\n{}", 1, 1),
        ("{} x", 1, 4),
        ("\ufeff{}", 1, 1),
        ("[" * 100, 1, 52),
        ('{"a": "x', 1, 7),
    ],
)
def test_where_json_ends_to_be_json(text: str, line: int, column: int) -> None:
    (found,) = check(text, TARGET)
    assert (found.rule, found.line, found.column) == ("json", line, column)


def test_what_is_read_is_what_json_reads() -> None:
    from jsobj.share.policy_check.json_places import Node, read

    def plain(node: Node) -> object:
        if node.kind == "object":
            return {key.text: plain(value) for key, value in node.pairs}
        if node.kind == "array":
            return list(map(plain, node.parts))
        return json.loads(node.text) if node.kind == "number" else node.value

    text = ' {"a": [1, -2.5e3, true, false, null, {}, []], "\\u00e4\\n": "\\"q\\"", "b":{"c":"\\ud83d\\ude00"}}\n'
    assert plain(read(text)) == json.loads(text)


def test_what_jsobj_sets_itself_passes() -> None:
    end = "2999-01-01T00:00:00Z"
    made = [
        *(each for prefix in ("", "raw/") for each in public_statements(BUCKET, prefix, listed=True)),
        *(
            each
            for key in ("", "raw/")
            for each in grant_statements("abc123", BUCKET, key, "1" * 32, write=True, ends=end)
        ),
        *grant_statements("abc124", BUCKET, "one/object", "1" * 32, write=False),
        owner_statement(BUCKET, OWNER),
    ]
    for number, statement in enumerate(made):
        found = check(document({**statement, "Sid": f"{number}"}), TARGET)
        assert [each for each in found if each.error] == []


def test_segments_that_stay_closed_are_named() -> None:
    target = PolicyBucket(BUCKET, OWNER, segments=(f"{BUCKET}_segments",))
    (found,) = [each for each in check(document(NAMES.allow()), target) if each.rule == "segments"]
    assert f"{BUCKET}_segments" in found.reason


def test_hints_name_what_was_meant() -> None:
    cases = {"s3:ListObjectsV2": "s3:ListBucket", "s3:GetObjekt": "GetObject", "s3:HeadObject": "s3:GetObject"}
    for typed, meant in cases.items():
        (found,) = [each for each in check(document(NAMES.allow(Action=typed)), TARGET) if each.error]
        assert meant in found.reason


@pytest.mark.parametrize(
    ("condition", "locked"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"BoolIfExists": {"aws:SecureTransport": ["false"]}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),  # the slip: it denies https
        ({"BoolIfExists": {"aws:SecureTransport": ["true", "false"]}}, True),
        ({"Null": {"aws:SecureTransport": "false"}}, True),
        ({"StringNotEquals": {"aws:SecureTransport": "false"}}, True),
    ],
)
def test_only_a_denial_of_plain_http_leaves_the_owner_a_way(condition: dict[str, object], locked: bool) -> None:
    denial = NAMES.allow(Effect="Deny", Action="s3:*", Resource=[NAMES.arn, f"{NAMES.arn}/*"], Condition=condition)
    assert ("locks-owner-out" in {each.rule for each in check(document(denial), TARGET)}) == locked
