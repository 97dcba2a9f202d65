"""Who may do what, in words."""

from __future__ import annotations

from jsobj.share.policy import Policy, public_statements
from jsobj.share.readers import readers


def test_policies() -> None:
    theirs = (
        {
            "Sid": "a",
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::abc:root", "arn:aws:iam::abc:user/def"]},
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
            "Condition": {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
        },
        {"Sid": "b", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::b/*"},
    )
    assert readers(Policy((*public_statements("b", "", listed=True), *theirs)), "") == (
        "everybody may read * (policy)",
        "everybody may list the bucket (policy)",
        "project abc, def of project abc may read, write the bucket, *, under conditions (policy)",
        "everybody must not delete * (policy)",
    )


def test_access_control_lists() -> None:
    assert readers(Policy(), "") == ()
    assert readers(Policy(), ".r:*,.rlistings,abc:*,abc,abc:def,*:ghi,.r:example.org") == (
        "everybody may read and list (read ACL)",
        "project abc may read and list (read ACL)",
        "project abc may read and list (read ACL)",
        "user def of project abc may read and list (read ACL)",
        "user ghi may read and list (read ACL)",
        "those who claim to come from example.org may read (read ACL)",
    )
    assert readers(Policy(), ".r:*") == ("everybody may read (read ACL)",)
