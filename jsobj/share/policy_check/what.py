"""What the statements of a policy allow or deny, where, and under which conditions, as Ceph RGW 16 reads it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from jsobj.errors import did_you_mean
from jsobj.share.policy_check.finding import Finding, refused, void, warning
from jsobj.share.policy_check.json_places import Node
from jsobj.share.policy_check.who import PolicyBucket, actions_of, matched, resource_name
from jsobj.share.policy_check.words import (
    KEYS,
    LISTS,
    NEVER_MET,
    OF_BUCKETS,
    OF_LISTS,
    OF_OBJECTS,
    OPERATORS,
    OTHER_NAMES,
    TAG_KEYS,
)

_ARN = re.compile(r"(arn|\*):([^:]*):([^:]*):([^:]*):([^:]*):(.*)")
_DATE = re.compile(r"\d+|\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?")
_SETS = re.compile(r"For(AllValues|AnyValue):")
_KEY = "any key"  # stands for one of the bucket's objects


def action_findings(statement: Node, bucket: PolicyBucket) -> Iterator[Finding]:
    """About ``Action`` and ``NotAction``, and whether they fit what ``Resource`` names."""
    found, others = statement.get("Action"), statement.get("NotAction")
    if others is not None:
        yield void("not-action", others.place, "this server ignores NotAction; name the actions: Action")
        yield from _unknown(others)
    if found is None:
        if others is None:
            yield void("no-action", statement.place, "without an Action it allows and denies nothing")
        return
    yield from _unknown(found)
    if found.kind == "array" and not found.parts:
        yield void("no-action", found.place, "it names no action")
    at_bucket, at_objects = _reach(statement, bucket)
    if not (at_bucket or at_objects):
        return
    arn = f"arn:aws:s3:::{bucket.name}"
    for each in found.each:
        actions = matched(each.text)
        if not actions:
            continue
        if not at_objects and not actions & OF_BUCKETS:
            reason = f"{each.text[:80]} is about objects, and Resource names the bucket only: add {arn}/*"
            yield void("needs-objects", each.place, reason)
        if not at_bucket and not actions & OF_OBJECTS:
            reason = (
                f"{each.text[:80]} is about the bucket, and Resource names objects only: add arn:aws:s3:::{bucket.name}"
            )
            yield void("needs-bucket", each.place, reason)


def _unknown(found: Node) -> Iterator[Finding]:
    for each in found.each:
        if each.kind != "string":
            yield refused("action", each.place, "an action is a text, such as s3:GetObject")
        elif re.match(r"(iam|sts):[A-Za-z*?]+$", each.text, re.IGNORECASE):
            yield void("action-service", each.place, f"{each.text[:80]} does nothing in the policy of a bucket")
        elif not matched(each.text):
            name = each.text.rpartition(":")[2]
            known = OTHER_NAMES.get(name.lower(), "")
            near = f"; it is {known} in a policy: s3:{known}" if known else ""
            guess = near or f"; {did_you_mean(name, OF_BUCKETS | OF_OBJECTS).rstrip()}".rstrip("; ")
            yield refused("action", each.place, f"the server knows no action '{each.text[:80]}'{guess}")


def covered(statement: Node, bucket: PolicyBucket) -> tuple[str, ...]:
    """The actions that a statement is really about: known ones whose resources are there."""
    at_bucket, at_objects = _reach(statement, bucket)
    actions = actions_of(statement)
    real = (actions & OF_BUCKETS if at_bucket else frozenset()) | (actions & OF_OBJECTS if at_objects else frozenset())
    return tuple(
        f"s3:{each}" for each in sorted(real, key=lambda name: (name not in {"GetObject", "ListBucket"}, name))
    )


def _reach(statement: Node, bucket: PolicyBucket) -> tuple[bool, bool]:
    """Whether a statement is about the bucket itself, and about objects in it."""
    resources = statement.get("Resource")
    if resources is None:
        there = statement.get("NotResource") is not None
        return there, there
    names = [resource_name(each.text) for each in resources.each if _arn_fault(each, bucket) is None]
    return any(_fits(name, bucket.name) for name in names), any(_of_objects(name, bucket.name) for name in names)


def _fits(pattern: str, text: str) -> bool:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _of_objects(pattern: str, bucket: str) -> bool:
    """Whether a pattern can match a key of the bucket."""
    front, slash, _ = pattern.partition("/")
    if slash and _fits(front, bucket):
        return True
    return _fits(pattern, f"{bucket}/{_KEY}")


def resource_findings(statement: Node, bucket: PolicyBucket) -> Iterator[Finding]:
    """About ``Resource`` and ``NotResource``."""
    found, others = statement.get("Resource"), statement.get("NotResource")
    if others is not None:
        yield warning("not-resource", others.place, "NotResource means all else in the bucket, and the bucket itself")
    for listed in (found, others):
        for each in listed.each if listed is not None else ():
            if finding := _arn_fault(each, bucket):
                yield finding
                continue
            name = resource_name(each.text)
            if not _fits(name, bucket.name) and not _of_objects(name, bucket.name):
                yield void("other-bucket", each.place, f"it names nothing in bucket '{bucket.name}'")
            elif "//" in name:
                yield warning(
                    "slash", each.place, "the name of an object rarely begins with a slash: // is one too many"
                )
    if (found is not None and not found.each) or (found is None and others is None):
        yield void("no-resource", statement.place, "without a Resource it is about nothing")


def _arn_fault(node: Node, bucket: PolicyBucket) -> Finding | None:
    """What is wrong with the form of one resource."""
    if node.kind != "string":
        return refused("resource", node.place, "a resource is a text, such as arn:aws:s3:::BUCKET/*")
    if node.text == "*":
        return None
    parts = _ARN.fullmatch(node.text)
    if parts is None:
        return refused("resource", node.place, f"write arn:aws:s3:::{bucket.name} or arn:aws:s3:::{bucket.name}/*")
    _, partition, service, region, account, name = parts.groups()
    if "${" in name:
        return refused("variable", node.place, "this server knows no variables in a resource")
    if account not in {"", "*"} and (bucket.tenants is False or (bucket.project and account != bucket.project)):
        return refused("resource-account", node.place, "write no project in a resource: arn:aws:s3:::BUCKET/*")
    if not name or ":" in name:
        return refused("resource", node.place, f"write arn:aws:s3:::{bucket.name} or arn:aws:s3:::{bucket.name}/*")
    if partition not in {"aws", "*"} or service not in {"s3", "*"} or region not in {"", "*"}:
        return void("resource-place", node.place, "it is elsewhere for this server; write arn:aws:s3:::BUCKET/*")
    return None


def condition_findings(statement: Node) -> Iterator[Finding]:
    """About ``Condition``."""
    found = statement.get("Condition")
    if found is None:
        return
    if found.kind not in {"object", "array"} or found.parts:
        yield refused("condition", found.place, 'a condition is an object: {"IpAddress": {"aws:SourceIp": "..."}}')
    for operator, keys in found.pairs:
        plain = _SETS.sub("", operator.text).removesuffix("IfExists")
        if plain not in OPERATORS:
            near = did_you_mean(plain, OPERATORS).strip()
            yield refused(
                "operator", operator.place, f"the server knows no '{operator.text[:60]}'{near and f'; {near}'}"
            )
            continue
        if plain != operator.text.removesuffix("IfExists"):
            yield warning(
                "operator-set", operator.place, "this server compares one value, whatever stands before the colon"
            )
        if plain.startswith(NEVER_MET):
            yield void("operator", operator.place, f"this server never finds {plain} fulfilled")
        for key, values in keys.pairs:
            yield from _condition(statement, operator.text, plain, key, values)


def _condition(statement: Node, typed: str, operator: str, key: Node, values: Node) -> Iterator[Finding]:
    for value in values.each:
        if value.kind not in {"string", "number"}:
            yield refused("condition-value", value.place, 'write values as texts: "true", "10"')
    known = key.text in KEYS or key.text.startswith(TAG_KEYS)
    always = typed.endswith("IfExists") or operator == "Null"
    if not known:
        near = next((f": write {each}" for each in KEYS if each.lower() == key.text.lower()), "")
        met = "always" if always else "never"
        yield void(
            "condition-key",
            key.place,
            f"the server does not know '{key.text[:60]}', and finds it {met} fulfilled{near}",
        )
        return
    if key.text in OF_LISTS and not always and (useless := actions_of(statement) - LISTS):
        name = min(useless)
        why = f"only requests for lists have {key.text}: s3:{name} is never {_verb(statement)} by this"
        make = void if not actions_of(statement) & LISTS else warning
        yield make("condition-of-lists", key.place, why)
    if key.text == "aws:SecureTransport" and not always and any(each.text.lower() == "false" for each in values.each):
        reason = "over plain http the server has no such key: write BoolIfExists, else it is never fulfilled"
        yield void("secure-transport", key.place, reason)
    if key.text == "aws:EpochTime" and operator.startswith("Numeric"):
        yield void("condition-value", key.place, "the server compares it as a date: write Date... instead")
    for value in values.each:
        if value.kind == "string" and (reason := _value_fault(operator, value.text)):
            yield void("condition-value", value.place, reason)


def _verb(statement: Node) -> str:
    effect = statement.get("Effect")
    return "allowed" if effect is not None and effect.text == "Allow" else "denied"


def _value_fault(operator: str, text: str) -> str:
    if operator in {"IpAddress", "NotIpAddress"}:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            return f"'{text[:60]}' is no network such as 192.0.2.0/24, so it is never compared"
    if operator.startswith("Date") and not _DATE.fullmatch(text):
        return f"'{text[:60]}' is no time that the server reads; write 2027-01-31 or 2027-01-31T12:00:00Z"
    return ""
