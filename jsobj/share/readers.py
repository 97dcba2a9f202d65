"""Who may do what in a bucket, in words: from its policy and its read ACL."""

from __future__ import annotations

from jsobj.share.policy import Policy, Statement, is_public, principals, words
from jsobj.share.swift_acl import EVERYBODY, LISTINGS, elements


def readers(policy: Policy, acl: str) -> tuple[str, ...]:
    """One sentence for each grant; () where only the project itself may."""
    return (*map(_granted, policy.statements), *_listed(acl))


def _granted(statement: Statement) -> str:
    named = principals(statement)
    who = "everybody" if "*" in named else ", ".join(map(_principal, named)) or "somebody"
    only = "" if is_public(statement) or not statement.get("Condition") else ", under conditions"
    verb = "must not" if statement.get("Effect") == "Deny" else "may"
    return f"{who} {verb} {words(statement)}{only} (policy)"


def _principal(arn: str) -> str:
    """``arn:aws:iam::PROJECT:root`` is a project; ``...:user/USER`` one of its users."""
    account, _, name = arn.removeprefix("arn:aws:iam::").partition(":")
    if not arn.startswith("arn:aws:iam::") or not account:
        return arn
    return f"project {account}" if name == "root" else f"{name.removeprefix('user/')} of project {account}"


def _listed(acl: str) -> list[str]:
    found = elements(acl)
    sentences = []
    if EVERYBODY in found:
        sentences.append(f"everybody may read{' and list' if LISTINGS in found else ''} (read ACL)")
    for each in found:
        if each in {EVERYBODY, LISTINGS}:
            continue
        if each.startswith("."):
            sentences.append(f"those who claim to come from {each.partition(':')[2]} may read (read ACL)")
        else:
            project, colon, user = each.partition(":")
            who = f"user {user} of project {project}" if colon and user != "*" else f"project {project}"
            sentences.append(f"{who if project != '*' else f'user {user}'} may read and list (read ACL)")
    return sentences
