"""Policies as people write them, with what the check must say and what a server did: measured, and tried again.

``rules``: names of the errors that the check must find, () for none. ``accepted``: whether the server takes it.
``anonymous``, ``project``: whether somebody without a login, or a key of the other project, can then read an object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Statement: TypeAlias = "dict[str, Any]"

BUCKET, OWNER, OTHER, USER = "results", "0" * 32, "1" * 32, "2" * 32


@dataclass(frozen=True)
class Names:
    """Those of one server: the bucket, ids of the owner's and another project, and of one user of the latter."""

    bucket: str = BUCKET
    owner: str = OWNER
    other: str = OTHER
    user: str = USER

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.bucket}"

    def allow(self, **parts: Any) -> Statement:
        """Everybody may read objects; ``parts`` instead, None for without."""
        made = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{self.arn}/*", **parts}
        return {name: value for name, value in made.items() if value is not None}

    def to(self, principal: str, **parts: Any) -> Statement:
        return self.allow(Principal={"AWS": principal}, **parts)


Made: TypeAlias = "Callable[[Names], str]"


def document(*statements: Statement, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


@dataclass(frozen=True)
class Case:
    name: str
    make: Made
    rules: tuple[str, ...] = ()
    accepted: bool = True
    anonymous: bool = False
    project: bool = False


def _plain(name: str, rules: str, reads: str = "", accepted: bool = True, **parts: Any) -> Case:
    """One statement that differs in ``parts``; callables are given the names."""

    def make(names: Names) -> str:
        made = {key: part(names) if callable(part) else part for key, part in parts.items()}
        return document(names.allow(**made))

    return Case(name, make, tuple(rules.split()), accepted, "a" in reads, "p" in reads)


def _refused(name: str, rules: str, **parts: Any) -> Case:
    return _plain(name, rules, accepted=False, **parts)


def _to(name: str, rules: str, reads: str, principal: Callable[[Names], str]) -> Case:
    return _plain(name, rules, reads, Principal=lambda names: {"AWS": principal(names)})


def _if(name: str, rules: str, reads: str, condition: Mapping[str, Any]) -> Case:
    return _plain(name, rules, reads, Condition=condition)


def _raw(name: str, rules: str, make: Made, reads: str = "", accepted: bool = False) -> Case:
    return Case(name, make, tuple(rules.split()), accepted, "a" in reads, "p" in reads)


def _both(names: Names) -> list[str]:
    return [names.arn, f"{names.arn}/*"]


CASES = (
    # documents
    _plain("everybody reads", "", "ap"),
    _raw("no JSON", "json", lambda names: '{"Version": "2012-10-17",'),
    _raw("a comma too many", "json", lambda names: document(names.allow())[:-1] + ",}"),
    _raw("an array", "no-object", lambda names: "[]"),
    _raw("another version", "version", lambda names: document(names.allow(), Version="2026-01-01")),
    _raw("an unknown part", "unknown-part", lambda names: document(names.allow(), Statements=[])),
    _raw(
        "a part in small letters",
        "no-action unknown-part",
        lambda names: document(names.allow()).replace('"Action', '"action'),
    ),
    _raw("no statement", "no-statement", lambda names: document(), accepted=True),
    _raw("one statement", "", lambda names: json.dumps({"Statement": names.allow()}), "ap", accepted=True),
    _raw(
        "a part twice",
        "twice",
        lambda names: document(names.allow()).replace('"Effect": "Allow"', '"Effect": "Allow", "Effect": "Allow"'),
    ),
    _raw("larger than Amazon's", "", lambda names: document(names.allow()) + " " * 21000, "ap", accepted=True),
    _raw("larger than 1 MiB", "size", lambda names: document(names.allow()) + " " * 1_100_000),
    # statements
    _plain("a Sid of blanks", "", "ap", Sid="a b"),
    _refused("a Sid that is a number", "sid", Sid=1),
    _refused("an unknown part of a statement", "unknown-part", Comment="x"),
    _plain("without an Effect", "no-effect", "", Effect=None),
    _refused("an Effect in small letters", "effect", Effect="allow"),
    _raw("a Sid twice", "", lambda names: document(names.allow(Sid="A"), names.allow(Sid="A")), "ap", accepted=True),
    # principals
    _to("a project", "", "p", lambda names: f"arn:aws:iam::{names.other}:root"),
    _to("a project as its own user", "", "p", lambda names: f"arn:aws:iam::{names.other}:user/{names.other}"),
    _to("a project's bare id", "", "p", lambda names: names.other),
    _to("everybody in braces", "", "ap", lambda names: "*"),
    _to("a user without a project", "principal-user", "", lambda names: f"arn:aws:iam:::user/{names.other}"),
    _to("a user of a project", "principal-user", "", lambda names: f"arn:aws:iam::{names.other}:user/{names.user}"),
    _to("a user by name", "principal-user", "", lambda names: f"arn:aws:iam::{names.other}:user/otto"),
    _to("a project by name", "principal-project", "", lambda names: "arn:aws:iam::other:root"),
    _to("no project", "principal-anonymous", "a", lambda names: "arn:aws:iam:::root"),
    _to("an empty text", "principal-anonymous", "a", lambda names: ""),
    _to("all projects", "principal-wildcard", "", lambda names: "arn:aws:iam::*:root"),
    _to("a role", "principal", "", lambda names: f"arn:aws:iam::{names.other}:role/x"),
    _to("a name", "principal-project", "", lambda names: "otto"),
    _refused("an ARN as the principal", "principal", Principal=lambda names: f"arn:aws:iam::{names.other}:root"),
    _refused("a list as the principal", "principal", Principal=["*"]),
    _refused("an unknown kind of principal", "no-principal principal", Principal={"Project": OTHER}),
    _plain("a canonical user", "principal-kind", "", Principal=lambda names: {"CanonicalUser": names.other}),
    _plain("no principal", "no-principal", "", Principal=None),
    _plain("a text that begins with *", "principal-everybody", "ap", Principal="*x"),
    _plain(
        "all but the owner",
        "",
        "ap",
        Principal=None,
        NotPrincipal=lambda names: {"AWS": f"arn:aws:iam::{names.owner}:root"},
    ),
    # actions
    _plain("an action in small letters", "", "ap", Action="s3:getobject"),
    _plain("actions by a pattern", "", "ap", Action="s3:Get*"),
    _refused("an unknown action", "action", Action=["s3:GetObject", "s3:GetObjekt"]),
    _refused("the name of a request", "action", Action="s3:ListObjectsV2"),
    _refused("an action without s3:", "action", Action="GetObject"),
    _refused("another service's action", "action", Action="ec2:*"),
    _plain("an action of another kind", "action-service", "", Action="iam:GetRole"),
    _plain("no action", "no-action", "", Action=None),
    _plain("all but one action", "not-action", "", Action=None, NotAction="s3:PutObject"),
    # resources
    _plain("the bucket with GetObject", "needs-objects", "", Resource=lambda names: names.arn),
    _plain("objects with ListBucket", "needs-bucket", "", Action="s3:ListBucket"),
    _plain("both with both", "", "ap", Action=["s3:GetObject", "s3:ListBucket"], Resource=_both),
    _plain("any text behind the name", "", "ap", Resource=lambda names: f"{names.arn}*"),
    _plain("everything", "", "ap", Resource="*"),
    _plain("another bucket", "other-bucket", "", Resource="arn:aws:s3:::another-one/*"),
    _refused("no ARN", "resource", Resource=lambda names: f"{names.bucket}/*"),
    _refused("a URL", "resource", Resource=lambda names: f"s3://{names.bucket}/*"),
    _refused("capital letters", "resource", Resource=lambda names: f"ARN:AWS:S3:::{names.bucket}/*"),
    _refused("the other project's", "resource-account", Resource=lambda n: f"arn:aws:s3::{n.other}:{n.bucket}/*"),
    _refused("a variable", "variable", Resource=lambda names: names.arn + "/${aws:username}/*"),
    _plain("a region", "resource-place", "", Resource=lambda names: f"arn:aws:s3:us-east-1::{names.bucket}/*"),
    _plain("another partition", "resource-place", "", Resource=lambda names: f"arn:aws-cn:s3:::{names.bucket}/*"),
    _plain("a slash too many", "", "", Resource=lambda names: f"{names.arn}//*"),
    _plain("no resource", "no-resource", "", Resource=None),
    _plain("all but a resource", "", "ap", Resource=None, NotResource=lambda names: f"{names.arn}/other"),
    # conditions
    _if("a network", "", "ap", {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}),
    _if("no network", "condition-value", "", {"IpAddress": {"aws:SourceIp": "home"}}),
    _if("an end to come", "", "ap", {"DateLessThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}}),
    _if("an end that is over", "", "", {"DateLessThan": {"aws:CurrentTime": "2001-01-01"}}),
    _if("an end in a zone", "condition-value", "", {"DateLessThan": {"aws:CurrentTime": "2999-01-01T00:00:00+02:00"}}),
    _if("an unknown key", "condition-key", "", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    _if("an unknown key that must differ", "condition-key", "", {"StringNotEquals": {"aws:Unknown": "x"}}),
    _if("an unknown key, if it exists", "condition-key", "ap", {"StringEqualsIfExists": {"aws:Unknown": "x"}}),
    _if("a key in capital letters", "condition-key", "", {"IpAddress": {"AWS:SOURCEIP": "127.0.0.0/8"}}),
    _if("an operator of ARNs", "operator condition-key", "", {"ArnLike": {"aws:SourceArn": "*"}}),
    _if("a prefix for GetObject", "condition-of-lists", "", {"StringLike": {"s3:prefix": "*"}}),
    _if("plain http", "secure-transport", "", {"Bool": {"aws:SecureTransport": "false"}}),
    _if("plain http, if it exists", "", "ap", {"BoolIfExists": {"aws:SecureTransport": "false"}}),
    _refused("an unknown operator", "operator", Condition={"StringIs": {"aws:Referer": "x"}}),
    _refused("an operator in small letters", "operator", Condition={"stringlike": {"aws:Referer": "x"}}),
    _refused("a value that is no text", "condition-value", Condition={"Bool": {"aws:SecureTransport": False}}),
    _refused("a condition that is a text", "condition", Condition="x"),
)


def _deny(names: Names, **parts: Any) -> Statement:
    return names.allow(**{"Effect": "Deny", "Action": "s3:*", "Resource": names.arn, **parts})


# Whether the owner can still delete the policy, and whether the check calls it a lock-out.
LOCKS: tuple[tuple[str, Callable[[Names], Statement], bool], ...] = (
    ("everything to everybody", lambda names: _deny(names), True),
    (
        "everything to the owner",
        lambda names: _deny(names, Principal={"AWS": f"arn:aws:iam::{names.owner}:root"}),
        True,
    ),
    ("to the owner as a user", lambda n: _deny(n, Principal={"AWS": f"arn:aws:iam::{n.owner}:user/{n.owner}"}), True),
    ("both keys to it", lambda n: _deny(n, Action=["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"]), True),
    ("one key to it", lambda names: _deny(names, Action="s3:PutBucketPolicy"), False),
    ("objects only", lambda names: _deny(names, Resource=f"{names.arn}/*"), False),
    ("to the other project", lambda names: _deny(names, Principal={"AWS": names.other}), False),
    ("to no project", lambda names: _deny(names, Principal={"AWS": "arn:aws:iam:::root"}), False),
    (
        "all but the owner",
        lambda n: _deny(n, Principal=None, NotPrincipal={"AWS": f"arn:aws:iam::{n.owner}:root"}),
        False,
    ),
    (
        "all but the other project",
        lambda n: _deny(n, Principal=None, NotPrincipal={"AWS": f"arn:aws:iam::{n.other}:root"}),
        True,
    ),
    ("from elsewhere", lambda n: _deny(n, Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), True),
    ("all but one action", lambda n: _deny(n, Action=None, NotAction="s3:GetObject"), False),
    ("all but a resource", lambda n: _deny(n, Resource=None, NotResource="arn:aws:s3:::x/*"), True),
    ("without an Effect", lambda names: _deny(names, Effect=None), True),
)
