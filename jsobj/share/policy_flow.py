"""Policies as whole documents: checked, set, read back, taken away. What others changed meanwhile is noticed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.share.owner import Owner
from jsobj.share.policy_check.check import check
from jsobj.share.policy_check.finding import REFUSED, Finding
from jsobj.share.policy_check.who import PolicyBucket
from jsobj.share.public import segments_of
from jsobj.store.s3.bucket_policy import BucketPolicies

_SHOWN = 3  # findings in an error


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A policy's text before and now, "" for none, and what is to be said about it.

    ``readable``: whether its owner may still read it, which a forced policy can forbid.
    """

    before: str
    now: str
    findings: tuple[Finding, ...] = ()
    readable: bool = True


def policies_of(owner: Owner) -> BucketPolicies:
    """Where the owner's policies are. Raises :class:`JsobjError`: refused on Swift, auth without S3 keys."""
    if owner.policies is not None:
        return owner.policies
    if owner.server == "swift":
        raise JsobjError(
            "policy-swift",
            "Swift has no bucket policies",
            code=ExitCode.REFUSED,
            hint=(
                f"to let everybody read: jsobj bucket public {shlex.quote(owner.bucket)}{owner.at}",
                "or hand out a link to one object: jsobj presign",
            ),
        )
    raise JsobjError(
        "policy-needs-keys",
        "policies are read and set over S3, and there are no S3 keys",
        code=ExitCode.AUTH,
        hint=f"make them: jsobj ec2-creds{owner.at}",
    )


def read_policy(owner: Owner) -> str:
    """The text of the policy. Raises :class:`JsobjError` (not found) where there is none."""
    text = policies_of(owner).read(owner.bucket)
    if not text:
        raise JsobjError(
            "policy-not-there",
            f"bucket '{owner.bucket}' has no policy",
            code=ExitCode.NOT_FOUND,
            hint=f"who may read it: jsobj bucket show {shlex.quote(owner.bucket)}{owner.at}",
        )
    return text


def bucket_of(owner: Owner) -> PolicyBucket:
    """What the check of a policy is about."""
    policies_of(owner)
    return PolicyBucket(bare(owner.bucket), owner.project, owner.tenants, tuple(segments_of(owner)))


def bare(bucket: str) -> str:
    """The name as policies have it: without the project that may stand before it."""
    return bucket.rpartition(":")[2]


def set_policy(owner: Owner, text: str, keep: Callable[[str], None], *, force: bool) -> PolicyChange:
    """Check and set a policy. ``keep`` is given the old one before it is replaced.

    ``force``: also one that the check finds void or risky. Raises :class:`JsobjError` (refused) for one that fails the
    check, that the server refuses, or where somebody else changed the policy meanwhile.
    """
    policies = policies_of(owner)
    before = policies.read(owner.bucket)
    findings = check(text, bucket_of(owner))
    wrong = [each for each in findings if each.error and (not force or each.level == REFUSED)]
    if wrong:
        raise _fails(owner, wrong)
    if before:
        keep(before)
    if policies.read(owner.bucket) != before:
        raise _changed(owner, "somebody else changed the policy at this moment; nothing was set")
    policies.write(owner.bucket, text)
    try:
        now = policies.read(owner.bucket)
    except JsobjError as error:
        if error.code is ExitCode.REFUSED and force:
            return PolicyChange(before, text, findings, readable=False)
        raise
    if not _same(now, text):
        raise _changed(owner, "the policy was set, and is another one now: somebody else changed it at this moment")
    return PolicyChange(before, now, findings)


def delete_policy(owner: Owner, keep: Callable[[str], None]) -> PolicyChange:
    """Take the policy away; one that is not there is no error."""
    policies = policies_of(owner)
    before = policies.read(owner.bucket)
    if before:
        keep(before)
        policies.write(owner.bucket, "")
    if policies.read(owner.bucket):
        raise _changed(owner, "the policy was deleted, and there is one again: somebody else set it at this moment")
    return PolicyChange(before, "")


def _same(one: str, other: str) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return one == other


def _fails(owner: Owner, wrong: list[Finding]) -> JsobjError:
    shown = "; ".join(f"line {each.line}, column {each.column}: {each.reason}" for each in wrong[:_SHOWN])
    more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    again = f"all that is found: jsobj bucket policy check {shlex.quote(owner.bucket)} FILE{owner.at}"
    forced = () if any(each.level == REFUSED for each in wrong) else ("set it all the same: --force",)
    return JsobjError(
        "policy-fails-check",
        "the policy is not what it seems, so it was not set",
        code=ExitCode.REFUSED,
        context=shown + more,
        hint=(again, *forced),
    )


def _changed(owner: Owner, reason: str) -> JsobjError:
    return JsobjError(
        "policy-changed",
        reason,
        code=ExitCode.REFUSED,
        hint=f"look at what is there: jsobj bucket policy get {shlex.quote(owner.bucket)}{owner.at}",
    )
