"""Whom the statements of a policy are about, as Ceph RGW 16 reads it, and whether they hit the owner.

Measured: over S3, the identity of a user of Keystone's is the project, so ``arn:aws:iam::PROJECT:root``,
``...:user/PROJECT`` and the bare id mean it, and nothing means one user of it. An empty account is everybody without a
login. A Deny of ``s3:PutBucketPolicy`` and ``s3:DeleteBucketPolicy`` holds for the owner too: then only the operator
can take the policy away.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jsobj.share.policy_check.finding import Finding, refused, risk, void, warning
from jsobj.share.policy_check.json_places import Node
from jsobj.share.policy_check.words import OF_BUCKETS, OF_OBJECTS

_PROJECT = re.compile(r"[0-9a-f]{32}")
_KINDS = frozenset({"AWS", "Federated", "Service", "CanonicalUser"})
_KEYS_TO_IT = frozenset({"PutBucketPolicy", "DeleteBucketPolicy"})


@dataclass(frozen=True, slots=True)
class PolicyBucket:
    """The bucket of a policy. ``project``: the owner's id, "" where it is not known.

    ``tenants``: whether each project has bucket names of its own, None where it is not known. ``segments``: containers
    that hold parts of its large objects.
    """

    name: str
    project: str = ""
    tenants: bool | None = None
    segments: tuple[str, ...] = ()


def principal_findings(statement: Node, bucket: PolicyBucket) -> Iterator[Finding]:
    """What is to be said about ``Principal`` and ``NotPrincipal``."""
    who, others = statement.get("Principal"), statement.get("NotPrincipal")
    if who is None and others is None:
        yield void("no-principal", statement.place, "without a Principal it is about nobody")
    for found in (who, others):
        if found is None:
            continue
        if found.kind == "string":
            if not found.text.startswith("*"):
                yield refused("principal", found.place, 'write {"AWS": "arn:aws:iam::PROJECT:root"}, or "*"')
            elif found.text != "*":
                yield risk("principal-everybody", found.place, f"the server takes '{found.text[:80]}' for everybody")
        elif found.kind != "object":
            yield refused("principal", found.place, 'write {"AWS": [...]} or "*"')
        else:
            yield from _named(found)
    if others is not None and who is None:
        effect = statement.get("Effect")
        verb = "allows it to" if effect is not None and effect.text == "Allow" else "denies it to"
        yield warning("not-principal", others.place, f"NotPrincipal {verb} everybody else, also without a login")


def _named(found: Node) -> Iterator[Finding]:
    named = 0
    for key, value in found.pairs:
        if key.text not in _KINDS:
            yield refused("principal", key.place, f"'{key.text}' is no kind of principal; write AWS")
            continue
        for each in value.each:
            named += 1
            if key.text != "AWS":
                yield void("principal-kind", each.place, f"{key.text} is nobody that this server knows; write AWS")
            elif each.kind != "string":
                yield refused("principal", each.place, "a principal is a text")
            elif finding := _one(each):
                yield finding
    if not named:
        yield void("no-principal", found.place, "it names nobody")


def _one(node: Node) -> Finding | None:
    """About one value of ``AWS``."""
    text = node.text
    if text == "*":
        return None
    arn = re.fullmatch(r"arn:[^:]*:(?:iam|sts):[^:]*:([^:]*):(.+)", text)
    if arn is None:
        if not text:
            return risk(
                "principal-anonymous", node.place, "the server takes an empty principal for all without a login"
            )
        if ":" in text or "/" in text:
            return void("principal", node.place, f"'{text[:80]}' is no principal; write arn:aws:iam::PROJECT:root")
        return None if _PROJECT.fullmatch(text) else _no_project(node, text)
    account, what = arn.groups()
    if "*" in text:
        return void("principal-wildcard", node.place, 'a * within a principal matches nobody; write "*" for everybody')
    if what == "root":
        if not account:
            return risk("principal-anonymous", node.place, "without a project it means everybody without a login")
        return None if _PROJECT.fullmatch(account) else _no_project(node, account)
    if what.startswith("user/"):
        if account and what == f"user/{account}":
            return None
        return void(
            "principal-user",
            node.place,
            "it reaches no user of Keystone's: over S3 they are their project; write arn:aws:iam::PROJECT:root",
        )
    return void("principal", node.place, "it reaches nobody of Keystone's; write arn:aws:iam::PROJECT:root")


def _no_project(node: Node, text: str) -> Finding:
    reason = f"'{text[:80]}' is no project's id, which has 32 digits (names are not looked up), so it reaches nobody"
    return void("principal-project", node.place, reason)


def named_principals(statement: Node) -> list[str]:
    """The principals of a statement: ``*`` for everybody, projects' ids, and what is neither as it stands."""
    found = statement.get("Principal")
    if found is None:
        return []
    if found.kind == "string":
        return ["*"] if found.text.startswith("*") else []
    return _accounts(found)


def _accounts(found: Node) -> list[str]:
    texts = [each.text for key, value in found.pairs if key.text == "AWS" for each in value.each]
    return [_account(text) for text in texts]


def _account(text: str) -> str:
    arn = re.fullmatch(r"arn:[^:]*:iam:[^:]*:([^:]*):(root|user/(.*))", text)
    if arn is None:
        return text or "*"
    if arn[2] == "root":
        return arn[1] or "*"
    return arn[1] if arn[3] == arn[1] else text


def actions_of(statement: Node) -> frozenset[str]:
    """The actions that a statement's patterns match, without ``s3:``."""
    found = statement.get("Action")
    return frozenset[str]().union(*(matched(each.text) for each in found.each)) if found is not None else frozenset()


def matched(pattern: str) -> frozenset[str]:
    """The actions that one pattern matches; case makes no difference."""
    if pattern.startswith("*"):
        return OF_BUCKETS | OF_OBJECTS
    small = pattern.lower()
    return frozenset(each for each in OF_BUCKETS | OF_OBJECTS if _like(f"s3:{each}".lower(), small))


def _like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def reaches_bucket(statement: Node, bucket: PolicyBucket) -> bool:
    """Whether a statement is about the bucket itself."""
    resources, others = statement.get("Resource"), statement.get("NotResource")
    if resources is not None:
        return any(_like(bucket.name, resource_name(each.text)) for each in resources.each)
    return others is not None and not any(_like(bucket.name, resource_name(each.text)) for each in others.each)


def resource_name(arn: str) -> str:
    """What stands behind the account: ``bucket``, ``bucket/key*``."""
    return "*" if arn == "*" else arn.split(":", 5)[-1]


def lock_out(statements: Sequence[Node], bucket: PolicyBucket) -> Iterator[Finding]:
    """Denials that hit the owner."""
    denied: frozenset[str] = frozenset()
    for statement in statements:
        effect = statement.get("Effect")
        if (effect is not None and effect.text != "Deny") or not _hits_owner(statement, bucket):
            continue
        actions = actions_of(statement)
        if not reaches_bucket(statement, bucket):
            if actions & OF_OBJECTS:
                yield warning("denies-owner", statement.place, "it holds for the owner's own keys and logins, too")
            continue
        if _plain_http_only(statement):
            yield warning("denies-owner", statement.place, "over plain http it holds for the owner, too")
            continue
        before, denied = denied, denied | (actions & _KEYS_TO_IT)
        condition = statement.get("Condition")
        while_met = " while its conditions are met" if condition is not None and condition.pairs else ""
        if denied >= _KEYS_TO_IT and before != denied:
            yield risk(
                "locks-owner-out",
                statement.place,
                "it holds for the owner, too: nobody but the server's operator could change or delete this policy"
                f"{while_met}",
            )
        elif actions:
            yield warning("denies-owner", statement.place, "it holds for the owner's own keys and logins, too")


def _plain_http_only(statement: Node) -> bool:
    """Whether the owner gets past a statement by https."""
    condition = statement.get("Condition")
    if condition is None:
        return False
    return any(
        operator.text in {"Bool", "BoolIfExists"}
        and key.text == "aws:SecureTransport"
        and bool(value.each)
        and all(each.text == "false" for each in value.each)
        for operator, named in condition.pairs
        for key, value in named.pairs
    )


def _hits_owner(statement: Node, bucket: PolicyBucket) -> bool:
    others = statement.get("NotPrincipal")
    if statement.get("Principal") is None and others is not None:
        return bucket.project not in _accounts(others)
    named = _deny_names(statement)
    return "*" in named or bool(bucket.project and bucket.project in named)


def _deny_names(statement: Node) -> list[str]:
    """As :func:`named_principals`; an empty account is nobody with a login, so not the owner."""
    found = statement.get("Principal")
    if found is not None and found.kind == "object":
        texts = [each.text for key, value in found.pairs if key.text == "AWS" for each in value.each]
        return [name for text in texts if (name := _account(text)) != "*" or text == "*"]
    return named_principals(statement)
