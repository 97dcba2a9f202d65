"""Bucket policies: what others wrote stays as it was, what is ours is replaced, and what is public is recognised."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.share.policy import (
    Policy,
    concerns,
    for_those_named,
    is_public,
    public_sids,
    public_statements,
    reaches,
    sid_of,
    words,
)

THEIRS: dict[str, Any] = {
    "Sid": "Lab",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::abc:root"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/*",
}
EVERYBODY: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


def test_what_others_wrote_is_kept_in_its_place() -> None:
    text = json.dumps({"Version": "2008-10-17", "Id": "x", "Statement": [THEIRS]})
    document = json.loads(Policy.read(text).with_statements(public_statements("b", "", listed=True)).text())
    assert (document["Version"], document["Id"]) == ("2008-10-17", "x")
    assert document["Statement"][0] == THEIRS
    assert len(document["Statement"]) == 3


def test_made_again_it_is_replaced() -> None:
    policy = Policy.read("").with_statements(public_statements("b", "a/", listed=True))
    policy = policy.with_statements((THEIRS,)).with_statements(public_statements("b", "a/", listed=True))
    assert [each["Sid"] for each in policy.statements[:2]] == [
        each["Sid"] for each in public_statements("b", "a/", listed=True)
    ]
    assert len(policy.statements) == 3


def test_a_statement_alone_is_no_list() -> None:
    assert Policy.read(json.dumps({"Version": "2012-10-17", "Statement": THEIRS})).statements == (THEIRS,)


@pytest.mark.parametrize("text", ["{", "[]", '{"Statement": [1]}', '{"Statement": 3}', "[" * 100_000])
def test_what_cannot_be_read_is_not_changed(text: str) -> None:
    with pytest.raises(JsobjError) as caught:
        Policy.read(text)
    assert (caught.value.reference, caught.value.code) == ("policy-unreadable", ExitCode.REFUSED)


def test_without_a_statement_there_is_no_policy() -> None:
    policy = Policy.read("").with_statements(public_statements("b", "", listed=True))
    assert policy.without(is_public).text() == ""


@pytest.mark.parametrize("wild", ["a*/", "a?/", "${aws:username}/"])
def test_a_prefix_that_a_policy_would_take_for_more(wild: str) -> None:
    with pytest.raises(JsobjError) as caught:
        public_statements("b", wild, listed=False)
    assert caught.value.code is ExitCode.USAGE


def test_only_the_prefix_is_opened() -> None:
    read, listing = public_statements("project:b", "raw/", listed=True)
    assert read["Resource"] == ["arn:aws:s3:::b/raw/*"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["raw/*"]}}
    assert all(each["Sid"].isalnum() for each in (read, listing))
    assert {read["Sid"], listing["Sid"]} == public_sids("raw/")
    assert public_sids("raw/").isdisjoint(public_sids("raw2/") | public_sids(""))


@pytest.mark.parametrize(
    ("change", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::abc:root", "*"]}}, True),
        ({"Condition": {"StringLike": {"s3:prefix": "a/*"}}}, True),
        ({"Effect": "Deny"}, False),
        ({"Principal": {"AWS": "arn:aws:iam::abc:root"}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, False),
        ({"Condition": {"StringLike": {"s3:prefix": "a/*"}, "Bool": {"aws:SecureTransport": "true"}}}, False),
    ],
)
def test_what_is_public(change: dict[str, Any], public: bool) -> None:
    assert is_public({**EVERYBODY, **change}) is public


@pytest.mark.parametrize(
    ("resource", "prefix", "about"),
    [
        ("arn:aws:s3:::b/raw/*", "raw/", True),
        ("arn:aws:s3:::b/raw/x/*", "raw/", True),
        (["arn:aws:s3:::b/raw/*", "arn:aws:s3:::b/other/*"], "raw/", False),
        ("arn:aws:s3:::b/*", "raw/", False),
        ("arn:aws:s3:::b/*", "", True),
        ("arn:aws:s3:::b", "", True),
    ],
)
def test_which_statements_a_prefix_concerns(resource: object, prefix: str, about: bool) -> None:
    assert concerns({**EVERYBODY, "Resource": resource}, "b", prefix) is about


def test_words() -> None:
    read, listing = public_statements("b", "raw/", listed=True)
    assert [words(read), words(listing)] == ["read raw/*", "list raw/*"]
    assert words(public_statements("b", "", listed=True)[1]) == "list the bucket"
    assert words({"Action": ["s3:GetObject", "s3:PutObjectTagging"], "Resource": "arn:aws:s3:::b/x"}) == (
        "read, s3:PutObjectTagging x"
    )


@pytest.mark.parametrize("sid", [None, ["a"], 7, "", "JsobjPublicReadX"])
def test_foreign_statements_come_back_as_they_were_however_they_are_named(sid: object) -> None:
    statements = [{**THEIRS, "Sid": sid}, {"Principal": [], "Condition": None, "Sid": sid}]
    policy = Policy.read(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    ours = public_sids("")
    with_ours = policy.with_statements(public_statements("b", "", listed=True))
    assert list(with_ours.without(lambda each: sid_of(each) in ours).statements) == statements


@pytest.mark.parametrize(
    ("principal", "left"),
    [
        ("*", None),
        ({"AWS": "*"}, None),
        ({"AWS": ["*", "arn:aws:iam::abc:root"]}, {"AWS": ["arn:aws:iam::abc:root"]}),
        ({"AWS": "*", "CanonicalUser": "abc"}, {"CanonicalUser": "abc"}),
    ],
)
def test_whom_a_statement_names_beside_everybody_keeps_it(principal: object, left: object) -> None:
    found = for_those_named({**EVERYBODY, "Principal": principal})
    assert (found and found["Principal"]) == left
    assert found is None or not is_public(found)


@pytest.mark.parametrize(
    ("resource", "prefixes", "there"),
    [
        ("arn:aws:s3:::b/*", None, True),
        ("arn:aws:s3:::b/raw/x*", None, True),
        ("arn:aws:s3:::b/*/open.txt", None, True),
        ("arn:aws:s3:::b/priv/*", None, False),
        ("arn:aws:s3:::b/raw2/*", None, False),
        ("arn:aws:s3:::b", None, True),
        ("arn:aws:s3:::b", ["priv/*"], False),
        ("arn:aws:s3:::b", ["ra*"], True),
        (["arn:aws:s3:::b/priv/*", "*"], None, True),
    ],
)
def test_which_statements_reach_below_a_prefix(resource: object, prefixes: object, there: bool) -> None:
    only = {"Condition": {"StringLike": {"s3:prefix": prefixes}}} if prefixes else {}
    assert reaches({**EVERYBODY, "Resource": resource, **only}, "b", "raw/") is there
