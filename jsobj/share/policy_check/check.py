"""A bucket policy read as Ceph RGW reads it: what it refuses, what it takes and ignores, what does more than it says.

Measured on RGW 16, with the other project's keys and without any; each rule is tried against a real server in the
tests. ``refused``: the server does not take the policy. ``void``: it takes it, and the part does nothing. ``risk``: it
does something that is hardly meant. ``warning``: it works; look twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from jsobj.share.policy_check.finding import Finding, refused, risk, void, warning
from jsobj.share.policy_check.json_places import JsonFault, Node, Place, read
from jsobj.share.policy_check.what import action_findings, condition_findings, covered, resource_findings
from jsobj.share.policy_check.who import PolicyBucket, lock_out, named_principals, principal_findings

_TOP = frozenset({"Version", "Id", "Statement"})
_PARTS = frozenset(
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"]
)
_VERSIONS = frozenset({"2012-10-17", "2008-10-17"})
_AMAZONS = 20 * 1024  # bytes of Amazon's largest policy
_LARGEST = 1024 * 1024  # bytes that RGW 16 reads of one (rgw_max_put_param_size)


def check(text: str, bucket: PolicyBucket) -> tuple[Finding, ...]:
    """What is to be said about a policy for a bucket, by place; () where all of it works as written."""
    start = Place(1, 1)
    try:
        document = read(text)
    except JsonFault as error:
        return (refused("json", error.place, str(error)),)
    return tuple(sorted(_findings(document, text, start, bucket), key=lambda each: (each.line, each.column)))


def _findings(document: Node, text: str, start: Place, bucket: PolicyBucket) -> Iterator[Finding]:
    if document.kind != "object":
        yield refused("no-object", document.place, "a policy is an object: {...}")
        return
    size = len(text.encode())
    if size > _LARGEST:
        yield refused("size", start, f"{size} bytes are more than the server takes (1 MiB)")
    elif size > _AMAZONS:
        yield warning("size", start, f"{size} bytes are more than 20 KiB, which other servers refuse")
    yield from _twice(document)
    yield from _names(document, _TOP, "of a policy")
    version = document.get("Version")
    if version is not None and version.text not in _VERSIONS:
        yield refused("version", version.place, "the version of the language is 2012-10-17")
    listed = document.get("Statement")
    statements = listed.each if listed is not None else ()
    if not statements:
        yield void("no-statement", document.place, "there is no statement, so the policy says nothing")
    sids: set[str] = set()
    for statement in statements:
        if statement.kind != "object":
            yield refused("statement", statement.place, "a statement is an object: {...}")
            continue
        yield from _statement(statement, bucket)
        sid = statement.get("Sid")
        if sid is not None and sid.kind != "string":
            yield refused("sid", sid.place, "a Sid is a text")
        elif sid is not None and sid.text in sids:
            yield warning(
                "sid-twice", sid.place, f"the Sid '{sid.text[:80]}' is there twice; other servers refuse that"
            )
        sids |= {sid.text} if sid is not None else set()
    yield from lock_out([each for each in statements if each.kind == "object"], bucket)


def _statement(statement: Node, bucket: PolicyBucket) -> Iterator[Finding]:
    yield from _names(statement, _PARTS, "of a statement")
    yield from _effect(statement)
    yield from principal_findings(statement, bucket)
    yield from resource_findings(statement, bucket)
    yield from action_findings(statement, bucket)
    yield from condition_findings(statement)
    yield from _public(statement, bucket)


def _effect(statement: Node) -> Iterator[Finding]:
    effect = statement.get("Effect")
    if effect is None:
        yield risk("no-effect", statement.place, "without an Effect the server takes it for Deny")
    elif effect.text not in {"Allow", "Deny"}:
        yield refused("effect", effect.place, "an Effect is Allow or Deny, written so")


def _public(statement: Node, bucket: PolicyBucket) -> Iterator[Finding]:
    effect = statement.get("Effect")
    if effect is None or effect.text != "Allow":
        return
    everybody = "*" in named_principals(statement) or statement.get("NotPrincipal") is not None
    actions = covered(statement, bucket)
    if everybody and actions:
        condition = statement.get("Condition")
        only = ", under its conditions" if condition is not None and condition.pairs else ""
        shown = f"{', '.join(actions[:3])}{' and more' if len(actions) > 3 else ''}"
        yield warning("public", statement.place, f"everybody may do this without a login{only}: {shown}")
    if "s3:GetObject" in actions and bucket.segments:
        held = ", ".join(bucket.segments)
        yield warning(
            "segments",
            statement.place,
            f"large objects that were sent over Swift stay closed: their segments in {held} follow no policy, "
            "only the read ACL there",
        )


def _names(node: Node, known: frozenset[str], of: str) -> Iterator[Finding]:
    for key, _ in node.pairs:
        if key.text not in known:
            near = next((f"; did you mean {each}?" for each in known if each.lower() == key.text.lower()), "")
            yield refused("unknown-part", key.place, f"'{key.text[:80]}' is no part {of}{near}")


def _twice(document: Node) -> Iterator[Finding]:
    for node in document.walk():
        seen: set[str] = set()
        for key, _ in node.pairs:
            if key.text in seen:
                yield refused("twice", key.place, f"'{key.text[:80]}' is there twice")
            seen.add(key.text)
