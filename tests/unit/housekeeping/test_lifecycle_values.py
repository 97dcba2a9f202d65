"""Lifecycle rules as values: ours among those of others, and what they do in words."""

from __future__ import annotations

import pytest

from jsobj.errors import JsobjError
from jsobj.housekeeping.lifecycle import (
    Ends,
    deletes,
    document,
    id_of,
    is_ours,
    prefix_of,
    rule,
    rule_id,
    rules_of,
    same,
    with_rule,
    without,
    words,
)
from jsobj.housekeeping.lifecycle_flow import doomed
from jsobj.store.values import Listed

DAY = 86400
THEIRS = """<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Rule><ID>a &amp; b</ID><Filter><And><Prefix>logs/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>
<Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>
<Rule><ID>old</ID><Prefix></Prefix><Status>Disabled</Status><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>
<Transition><Days>3</Days><StorageClass>COLD</StorageClass></Transition></Rule>
</LifecycleConfiguration>"""


def test_ours_is_put_among_others_and_taken_away() -> None:
    theirs = rules_of(THEIRS)
    for ends in (Ends("tmp/", expire=30), Ends("tmp/", uploads=7, noncurrent=9), Ends(uploads=1)):
        made = rule(ends)
        both = rules_of(document(with_rule(theirs, made)))
        assert same(both, (*theirs, made))
        assert [is_ours(each) for each in both] == [False, False, True]
        assert prefix_of(made) == ends.prefix
        assert without(both, ends.prefix) == without(both, None) == theirs
        assert without(both, "other/") == both
        again = with_rule(both, rule(Ends(ends.prefix, expire=2)))
        assert [id_of(each) for each in again] == [id_of(each) for each in both]
    assert document(()) == ""
    assert rules_of("") == ()


def test_what_rules_do_is_said() -> None:
    said = [each for found in rules_of(THEIRS) for each in words(found)]
    assert said == [
        "objects below logs/ with tag k=v are deleted 1 day after they were written",
        "objects in the bucket are deleted on 2030-01-01T00:00:00Z (not in force)",
        "objects in the bucket move to storage class COLD after 3 days (not in force)",
    ]
    assert words(rule(Ends("a b/<&>", 2, 3, 4))) == (
        "objects below a b/<&> are deleted 2 days after they were written",
        "old versions below a b/<&> are deleted 4 days after they were replaced",
        "unfinished uploads below a b/<&> are given up 3 days after they were begun",
    )
    assert [deletes(each) for each in rules_of(THEIRS)] == [True, False]
    assert not deletes(rule(Ends(uploads=1)))


def test_rules_mean_the_same_wherever_a_prefix_stands() -> None:
    start = "<LifecycleConfiguration><Rule><ID>x</ID>"
    end = "<Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>"
    forms = [
        "<Prefix>p/</Prefix>",
        "<Filter><Prefix>p/</Prefix></Filter>",
        "<Filter><And><Prefix>p/</Prefix></And></Filter>",
    ]
    first, *others = (rules_of(f"{start}{form}{end}") for form in forms)
    assert all(same(first, other) for other in others)
    assert not same(first, rules_of(f"{start}<Prefix>p</Prefix>{end}"))
    assert not same(first, ())
    size = "<Filter><Prefix>p/</Prefix><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter>"
    assert not same(first, rules_of(f"{start}{size}{end}"))


def test_a_prefix_with_tags_is_written_so_that_the_server_takes_both() -> None:
    """As Ceph gives it out, and would lose the prefix if it got it back."""
    tags = "".join(f"<Tag><Key>{key}</Key><Value>1</Value></Tag>" for key in "ab")
    end = "<Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>"
    start = "<LifecycleConfiguration><Rule><ID>x</ID>"
    given = rules_of(f"{start}<Filter><Prefix>p/</Prefix><And>{tags}</And></Filter>{end}")
    written = document(given)
    assert f"<Filter><And><Prefix>p/</Prefix>{tags}</And></Filter>" in written
    assert same(rules_of(written), given)
    assert words(given[0])[0].startswith("objects below p/ with tag a=1, b=1")
    lost = rules_of(f"{start}<Filter><And>{tags}</And></Filter>{end}")
    assert not same(lost, given)
    alone = rules_of(f"{start}<Filter><Tag><Key>a</Key><Value>1</Value></Tag></Filter>{end}")
    assert "<Filter><Tag>" in document(alone)


def test_ids_are_of_plain_letters_and_differ() -> None:
    made = {rule_id(prefix) for prefix in ("", "a", "a/", "ä" * 900)}
    assert len(made) == 4
    assert all(each.isascii() and len(each) < 40 for each in made)


@pytest.mark.parametrize(
    "text", ["x", "<Other/>", "<!DOCTYPE x [<!ENTITY y 'z'>]><LifecycleConfiguration/>", "<a>" * 99]
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(JsobjError) as caught:
        rules_of(text)
    assert caught.value.reference == "rules-unreadable"


def test_what_is_so_old_already_is_counted() -> None:
    now = 100 * DAY
    listed = [Listed("new", 1, modified=now - DAY), Listed("old", 7, modified=now - 3.0 * DAY), Listed("unknown", 5)]
    found = doomed(listed, 2, now)
    assert (found.objects, found.size, found.more) == (1, 7, False)
    assert doomed((listed[1] for _ in range(100_001)), 2, now).more
