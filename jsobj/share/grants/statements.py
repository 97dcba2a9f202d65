"""Bucket policies in words: what lets another project read or write a prefix, until a moment.

Measured on Ceph RGW 16, with bucket names of each project's own and with shared ones: the principal of a project is
``arn:aws:iam::PROJECT:root`` (a user within it grants nothing), it opens S3 and Swift's URL alike, and
``DateLessThan aws:CurrentTime`` is enforced by the server's clock. What another project writes belongs to that project,
and the bucket's owner could not read it: hence one statement more for the owner's own project.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsobj.share.policy import Statement, principals, require_plain, sid_of, texts

_SID = re.compile(r"JsobjGrant([a-z0-9]{6})(?:List)?")
_OWNER = "JsobjOwner"
_PROJECT = re.compile(r"arn:aws:iam::([^:]+):root")
_READ = ("s3:GetObject",)
_WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")


@dataclass(frozen=True, slots=True)
class Told:
    """What statements of one id grant, as another computer of their owner reads it. ``ends``: "" for never."""

    id: str
    project: str
    key: str
    access: str
    ends: str


def grant_statements(
    id: str, bucket: str, key: str, project: str, *, write: bool, ends: str = ""
) -> tuple[Statement, ...]:
    """What lets a project read, with ``write`` also write and delete, the object ``key`` or what is below a prefix.

    ``key``: "" for all, a prefix ends in a slash; ``ends``: ISO 8601 in UTC, "" for never. Raises
    :class:`jsobj.errors.JsobjError` (usage) for a key with what policies take for a wildcard.
    """
    require_plain(key)
    arn, many = f"arn:aws:s3:::{bucket.rpartition(':')[2]}", not key or key.endswith("/")
    until: dict[str, Any] = {"DateLessThan": {"aws:CurrentTime": ends}} if ends else {}
    allow = {"Effect": "Allow", "Principal": {"AWS": [_arn(project)]}}
    sid, actions = f"JsobjGrant{id}", [*_READ, *(_WRITE if write else ())]
    objects = {"Sid": sid, **allow, "Action": actions, "Resource": [f"{arn}/{key}{'*' if many else ''}"]}
    objects |= _condition(until)
    if not many:
        return (objects,)
    lists = ["s3:ListBucket", *(["s3:ListBucketMultipartUploads"] if write else [])]
    below = {"StringLike": {"s3:prefix": [f"{key}*"]}} if key else {}
    return objects, {"Sid": f"{sid}List", **allow, "Action": lists, "Resource": [arn], **_condition(below | until)}


def owner_statement(bucket: str, project: str) -> Statement:
    """What lets the owner's own project read what others wrote into the bucket."""
    arn = f"arn:aws:s3:::{bucket.rpartition(':')[2]}/*"
    allow = {"Effect": "Allow", "Principal": {"AWS": [_arn(project)]}}
    return {"Sid": _OWNER, **allow, "Action": ["s3:GetObject"], "Resource": [arn]}


def is_owners(statement: Statement) -> bool:
    """Whether it is that of :func:`owner_statement`."""
    return sid_of(statement) == _OWNER


def id_of(statement: Statement) -> str:
    """The id of the grant that a statement belongs to; "" for a foreign one."""
    match = _SID.fullmatch(sid_of(statement))
    return match[1] if match else ""


def told(statement: Statement) -> Told | None:
    """What a statement of ours says about objects; None for a foreign one, or ours about the list."""
    id = id_of(statement)
    if not id or sid_of(statement).endswith("List"):
        return None
    named = [match[1] for each in principals(statement) if (match := _PROJECT.fullmatch(each))]
    resource = next(iter(texts(statement.get("Resource"))), "").partition("/")[2]
    writes = "s3:PutObject" in texts(statement.get("Action"))
    return Told(id, ", ".join(named), resource.removesuffix("*"), "write" if writes else "read", _ends(statement))


def _ends(statement: Statement) -> str:
    condition = statement.get("Condition")
    until = condition.get("DateLessThan") if isinstance(condition, Mapping) else None
    end = until.get("aws:CurrentTime") if isinstance(until, Mapping) else ""
    return end if isinstance(end, str) else ""


def _condition(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"Condition": dict(found)} if found else {}


def _arn(project: str) -> str:
    return f"arn:aws:iam::{project}:root"
