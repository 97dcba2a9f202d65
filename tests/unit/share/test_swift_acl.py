"""Read ACLs of containers: changed element by element."""

from __future__ import annotations

import pytest

from jsobj.share.swift_acl import for_everybody, made_private, made_public

FOREIGN = "abc:*, *:def,bob"


def test_given_and_taken_back_the_rest_stays() -> None:
    opened = made_public(FOREIGN, listed=True)
    assert opened == "abc:*,*:def,bob,.r:*,.rlistings"
    assert made_public(opened, listed=False) == "abc:*,*:def,bob,.r:*"
    assert made_private(opened) == "abc:*,*:def,bob"


@pytest.mark.parametrize("acl", ["", "abc:*", "abc", "x.r:*"])
def test_what_is_for_nobody_without_a_login(acl: str) -> None:
    assert for_everybody(acl) == ()
    assert made_private(acl) == acl


def test_those_who_claim_to_come_from_somewhere_have_no_login_either() -> None:
    acl = "abc:*,.r:example.org,.referrer:-evil.org,.rlistings"
    assert for_everybody(acl) == (".r:example.org", ".referrer:-evil.org", ".rlistings")
    assert made_private(acl) == "abc:*"


def test_everybody_comes_before_those_who_are_left_out() -> None:
    """Swift takes the last referrer that fits."""
    assert made_public("abc:*,.r:-evil.org,.rlistings", listed=None) == "abc:*,.r:*,.r:-evil.org,.rlistings"
    assert made_public(".r:*,.r:-evil.org", listed=True) == ".r:*,.r:-evil.org,.rlistings"
