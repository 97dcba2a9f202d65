"""Bucket policies of S3 as values: read, changed statement by statement, written. What others wrote is never lost.

Grammar: Amazon's "Policies and permissions in Amazon S3", as far as Ceph RGW honours it. A statement of ours is known
by its ``Sid``, which says what it grants and to which prefix; making it again replaces it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from jsobj.errors import BadUsage, ExitCode, JsobjError

Statement: TypeAlias = "Mapping[str, Any]"

_VERSION = "2012-10-17"
_WILD = "*?$"
_VERBS = {
    "s3:getobject": "read",
    "s3:putobject": "write",
    "s3:deleteobject": "delete",
    "s3:listbucket": "list",
    "s3:*": "do everything with",
    "*": "do everything with",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The statements of one policy, and what else stands in its document."""

    statements: tuple[Statement, ...] = ()
    rest: Mapping[str, Any] = field(default_factory=lambda: {"Version": _VERSION})

    @classmethod
    def read(cls, text: str) -> Policy:
        """The policy in a document; "" is none. Raises :class:`JsobjError` (refused) for what cannot be kept whole."""
        if not text.strip():
            return cls()
        try:
            document = json.loads(text)
            found = document.pop("Statement", [])
            statements = tuple(found) if isinstance(found, list) else (found,)
            if not all(isinstance(each, dict) for each in statements):
                raise ValueError("a statement is no object")
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise JsobjError(
                "policy-unreadable",
                "the bucket has a policy that cannot be read, so it is not changed",
                code=ExitCode.REFUSED,
                context=str(error)[:200],
            ) from error
        return cls(statements, document)

    def with_statements(self, made: tuple[Statement, ...]) -> Policy:
        """With these, each in the place of an earlier one of the same ``Sid``."""
        new = {each["Sid"]: each for each in made}
        kept = tuple(new.pop(sid) if (sid := sid_of(each)) in new else each for each in self.statements)
        return replace(self, statements=(*kept, *new.values()))

    def without(self, gone: Callable[[Statement], bool]) -> Policy:
        """Without the statements that ``gone`` names."""
        return replace(self, statements=tuple(each for each in self.statements if not gone(each)))

    def text(self) -> str:
        """The document; "" where no statement is left, for which a policy is deleted."""
        if not self.statements:
            return ""
        return json.dumps({**self.rest, "Statement": list(self.statements)}, ensure_ascii=False)


def public_statements(bucket: str, prefix: str, *, listed: bool) -> tuple[Statement, ...]:
    """What lets everybody read what is below ``prefix`` ("": all), and with ``listed`` list it."""
    require_plain(prefix)
    arn = f"arn:aws:s3:::{bucket.rpartition(':')[2]}"
    allow = {"Effect": "Allow", "Principal": "*"}
    read = {"Sid": _sid("Read", prefix), **allow, "Action": ["s3:GetObject"], "Resource": [f"{arn}/{prefix}*"]}
    if not listed:
        return (read,)
    only = {"Condition": {"StringLike": {"s3:prefix": [f"{prefix}*"]}}} if prefix else {}
    return read, {"Sid": _sid("List", prefix), **allow, "Action": ["s3:ListBucket"], "Resource": [arn], **only}


def public_sids(prefix: str) -> frozenset[str]:
    """The names of our public statements for a prefix."""
    return frozenset(_sid(what, prefix) for what in ("Read", "List"))


def sid_of(statement: Statement) -> str:
    """The name of a statement; "" where it has none."""
    sid = statement.get("Sid")
    return sid if isinstance(sid, str) else ""


def is_public(statement: Statement) -> bool:
    """Whether a statement gives something to everybody, without a condition other than on the prefix of a list.

    To all but some (``NotPrincipal``) is to everybody.
    """
    everybody = "*" in principals(statement) or "NotPrincipal" in statement
    return statement.get("Effect") == "Allow" and everybody and not _narrowed(statement)


def principals(statement: Statement) -> list[str]:
    """Whom a statement names: ARNs, or ``*`` for everybody."""
    principal = statement.get("Principal")
    return texts(principal.get("AWS")) if isinstance(principal, dict) else texts(principal)


def for_those_named(statement: Statement) -> Statement | None:
    """A statement without everybody, for whom else it names; None where it names nobody else."""
    principal = statement.get("Principal")
    if not isinstance(principal, dict):
        return None
    rest = {**principal, "AWS": [each for each in principals(statement) if each != "*"]}
    rest = {kind: named for kind, named in rest.items() if named}
    return {**statement, "Principal": rest} if rest else None


def _narrowed(statement: Statement) -> bool:
    condition = statement.get("Condition") or {}
    keys = {key.lower() for each in condition.values() if isinstance(each, dict) for key in each}
    return bool(keys - {"s3:prefix"})


def concerns(statement: Statement, bucket: str, prefix: str) -> bool:
    """Whether a statement is about nothing but what is below ``prefix`` ("": anything in the bucket)."""
    if not prefix:
        return True
    if sid_of(statement) in public_sids(prefix):
        return True
    start = f"arn:aws:s3:::{bucket.rpartition(':')[2]}/{prefix}"
    resources = texts(statement.get("Resource"))
    return bool(resources) and all(each.startswith(start) for each in resources)


def reaches(statement: Statement, bucket: str, prefix: str) -> bool:
    """Whether a statement may be about something below ``prefix``: as far as its texts go before a wildcard."""
    arn = f"arn:aws:s3:::{bucket.rpartition(':')[2]}"
    listed = _listed_prefixes(statement)
    for resource in texts(statement.get("Resource")):
        if resource == arn:
            starts = listed or [""]
        else:
            starts = [resource.removeprefix(f"{arn}/")] if resource.startswith(f"{arn}/") else [""]
        fixed = [re.split(r"[*?]", start, maxsplit=1)[0] for start in starts]
        if any(each.startswith(prefix) or prefix.startswith(each) for each in fixed):
            return True
    return False


def words(statement: Statement) -> str:
    """``read raw/*``, ``list the bucket``, for people; an action without a plain verb by its own name."""
    verbs = dict.fromkeys(_VERBS.get(each.lower(), each) for each in texts(statement.get("Action")))
    resources = texts(statement.get("Resource"))
    places = [each.removeprefix("arn:aws:s3:::").partition("/")[2] or "the bucket" for each in resources]
    if places == ["the bucket"] and (listed := _listed_prefixes(statement)):
        places = listed
    return f"{', '.join(verbs) or 'do something'} {', '.join(places) or 'somewhere'}"


def _listed_prefixes(statement: Statement) -> list[str]:
    condition = statement.get("Condition") or {}
    return [prefix for each in condition.values() if isinstance(each, dict) for prefix in texts(each.get("s3:prefix"))]


def require_plain(prefix: str) -> None:
    """Raises :class:`JsobjError` (usage) for a prefix with a character that policies read as a wildcard."""
    if found := [each for each in _WILD if each in prefix]:
        raise BadUsage(
            f"'{prefix}' contains {found[0]}, which a bucket policy takes for more than this character",
            hint="copy the objects below a plain prefix first: jsobj cp",
        )


def _sid(what: str, prefix: str) -> str:
    """Letters and digits only, as Amazon demands."""
    mark = hashlib.sha256(prefix.encode()).hexdigest()[:12] if prefix else ""
    return f"JsobjPublic{what}{mark}"


def texts(value: object) -> list[str]:
    """One text, or a list of them, as a list: policies have both."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
