"""Commands in hints mean the login that was typed."""

from __future__ import annotations

import pytest

from jsobj.cli.main import make_root
from jsobj.identity.command_hints import with_login

VERBS = "doctor whoami endpoint presign ls rm cp mv cat stat du upload download verify ec2-creds"
GROUPS = {"bucket": "list show create delete", "uploads": "list abort", "app-cred": "list show create delete"}


@pytest.mark.parametrize(
    ("hint", "named"),
    [
        ("make it: jsobj ec2-creds; or not", "make it: jsobj ec2-creds --cloud 'a b'; or not"),
        ("delete it: jsobj app-cred delete x", "delete it: jsobj app-cred delete --cloud 'a b' x"),
        ("see: jsobj ls s3://b/ --profile p", "see: jsobj ls s3://b/ --profile p"),
        ("make one: jsobj ec2-creds --profile NAME", "make one: jsobj ec2-creds --cloud 'a b' --profile NAME"),
        ("log in: jsobj login RCFILE", "log in: jsobj login RCFILE"),
        ("jsobj lsof", "jsobj lsof"),
    ],
)
def test_a_command_gets_the_cloud_unless_it_names_a_login(hint: str, named: str) -> None:
    assert with_login(hint, cloud="a b", either=True) == named
    assert with_login(hint) == hint


def test_every_word_is_a_command_with_a_cloud() -> None:
    words = [*VERBS.split(), *(f"{group} {verb}" for group, verbs in GROUPS.items() for verb in verbs.split())]
    table = make_root().table
    assert {word.split()[0] for word in words} <= set(table)
    for word in words:
        assert with_login(f"jsobj {word}", cloud="x") == f"jsobj {word} --cloud x"
