"""Statements of grants: what they say, and that they are told from those of others."""

from __future__ import annotations

import pytest

from jsobj.errors import JsobjError
from jsobj.share.grants.statements import Told, grant_statements, id_of, is_owners, owner_statement, told

PROJECT = "0123456789abcdef0123456789abcdef"
ENDS = "2027-01-31T12:00:00Z"


@pytest.mark.parametrize("key", ["", "run 42/", "run42.nc"])
@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("ends", ["", ENDS])
def test_what_was_granted_is_told_from_the_statements_alone(key: str, write: bool, ends: str) -> None:
    made = grant_statements("k7m2xp", "b", key, PROJECT, write=write, ends=ends)
    assert [each for each in map(told, made) if each] == [
        Told("k7m2xp", PROJECT, key, "write" if write else "read", ends)
    ]
    assert {id_of(each) for each in made} == {"k7m2xp"}
    assert len(made) == (1 if key == "run42.nc" else 2)
    assert all(("DateLessThan" in each.get("Condition", {})) is bool(ends) for each in made)


def test_a_list_is_limited_to_its_prefix_and_its_end() -> None:
    _, listing = grant_statements("k7m2xp", "PROJECT:b", "p/", PROJECT, write=False, ends=ENDS)
    assert listing["Resource"] == ["arn:aws:s3:::b"]
    assert listing["Condition"] == {
        "StringLike": {"s3:prefix": ["p/*"]},
        "DateLessThan": {"aws:CurrentTime": ENDS},
    }


@pytest.mark.parametrize("key", ["a*b/", "a?", "${x}/"])
def test_what_policies_take_for_a_wildcard_is_refused(key: str) -> None:
    with pytest.raises(JsobjError, match="contains"):
        grant_statements("k7m2xp", "b", key, PROJECT, write=False)


def test_those_of_others_are_none_of_ours() -> None:
    foreign = {"Sid": "JsobjGrantOffice", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    assert (id_of(foreign), told(foreign), is_owners(foreign)) == ("", None, False)
    own = owner_statement("b", PROJECT)
    assert (id_of(own), is_owners(own)) == ("", True)
    assert id_of({**foreign, "Sid": "JsobjPublicRead"}) == ""
