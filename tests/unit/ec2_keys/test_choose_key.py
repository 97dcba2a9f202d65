"""Which key a profile gets: the truth table, without any network."""

from __future__ import annotations

import pytest

from jsobj.ec2_keys.choose_key import existing_key, unfinished_key
from jsobj.identity.keystone.ec2_credentials import Ec2Key
from jsobj.identity.ledger import KeyRecord, Ledger, Pending
from jsobj.secret import Secret


def key(access: str) -> Ec2Key:
    return Ec2Key(access, Secret("s"), "user", "project")


def record(access: str, made: str = "2026-01-01T00:00:00+00:00", retire_after: str = "") -> KeyRecord:
    return KeyRecord(access, "https://k/v3", "user", "project", made=made, retire_after=retire_after)


def pending(*before: str) -> Pending:
    return Pending("https://k/v3", "user", "project", before, "2026-01-01T00:00:00+00:00")


MINE = {name: key(name) for name in "abc"}
OLD, NEW = "2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("records", "unfinished", "held", "expected"),
    [
        ((), None, "", None),
        ((), None, "a", ("a", "kept")),
        ((), None, "z", None),
        ((record("b"),), None, "a", ("a", "kept")),
        ((record("a", retire_after=NEW),), None, "a", None),
        ((record("a", retire_after=NEW), record("b")), None, "a", ("b", "reused")),
        ((record("a", OLD), record("b", NEW)), None, "", ("b", "reused")),
        ((record("z"),), None, "", None),
        ((record("a", made=""),), None, "", None),
        ((), pending("a", "b"), "", ("c", "recovered")),
        ((), pending("a"), "", None),
        ((), pending("a", "b", "c"), "", None),
        ((record("a"),), pending("a", "b"), "", ("a", "reused")),
    ],
)
def test_truth_table(
    records: tuple[KeyRecord, ...], unfinished: Pending | None, held: str, expected: tuple[str, str] | None
) -> None:
    found = existing_key(MINE, Ledger(keys=records), unfinished, held)
    assert (None if found is None else (found.key.access, found.how.value)) == expected
    assert found is None or found.reason


def test_c11_unfinished_takes_only_what_is_beyond_doubt() -> None:
    found = unfinished_key(MINE, pending("a", "b"))
    assert found is not None
    assert found.key.access == "c"
    assert unfinished_key(MINE, pending("a")) is None
    assert unfinished_key(MINE, None) is None
