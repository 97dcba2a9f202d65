"""The inventory compared with the servers: what really stands there, and what stands there that jsobj did not make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jsobj.errors import BucketNotFound
from jsobj.share.grants.inventory import PENDING, Grant
from jsobj.share.grants.statements import id_of, is_owners, told
from jsobj.share.grants.take import lists_of
from jsobj.share.owner import Owner
from jsobj.share.policy import Policy
from jsobj.share.public import segments_of
from jsobj.share.readers import readers
from jsobj.share.swift_acl import elements, joined
from jsobj.units import iso_time

SERVERS = frozenset({"policy", "acl"})  # mechanisms that a server is asked about


@dataclass(frozen=True, slots=True)
class Stands:
    """One grant as it is now. ``state``: ``given``, ``pending`` (never finished), ``ended``, ``gone`` (no longer on the
    server), ``partly`` (some of it is), ``elsewhere`` (made on another computer), ``not asked``. ``note``: why."""

    grant: Grant
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class BucketTruth:
    """``stands``: the grants of one bucket. ``strange``: what else is given there, in sentences: not made here."""

    stands: tuple[Stands, ...]
    strange: tuple[str, ...]


def ended(grant: Grant, now: datetime) -> bool:
    """Whether its end is over, by this computer's clock."""
    end = iso_time(grant.ends)
    return end is not None and end <= now


def truth_of(owner: Owner, mine: tuple[Grant, ...], now: datetime) -> BucketTruth:
    """What stands at the server of one bucket. ``mine``: the grants of this bucket in the inventory.

    Raises :class:`jsobj.errors.JsobjError`: auth, network; a bucket that is gone has no grants.
    """
    policy = Policy()
    try:
        if owner.policies is not None:
            policy = Policy.read(owner.policies.read(owner.bucket))
        lists = dict(_lists(owner, mine))
    except BucketNotFound:
        return BucketTruth(tuple(Stands(each, "gone", "the bucket is gone") for each in mine), ())
    known = {each.id for each in mine}
    stands = [Stands(each, _state(each, policy, lists, now)) for each in mine]
    for statement in policy.statements:
        if (found := told(statement)) is not None and found.id not in known:
            grant = Grant(
                found.id, owner.bucket, found.key, f"s3://{owner.bucket}/{found.key}", str(owner.place.origin),
                f"project {found.project}", found.access, "", "policy", found.ends, "given", owner.project,
            )  # fmt: skip
            stands.append(Stands(grant, "ended" if ended(grant, now) else "elsewhere"))
    foreign = tuple(each for each in policy.statements if not id_of(each) and not is_owners(each))
    return BucketTruth(tuple(stands), (*readers(Policy(foreign), ""), *_strange(owner, lists, mine)))


def _lists(owner: Owner, mine: tuple[Grant, ...]) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    if owner.acls is None:
        return
    others = {container for each in mine for container, _, _ in lists_of(each)} | set(segments_of(owner))
    for container in (owner.bucket, *sorted(others - {owner.bucket})):
        if container == owner.bucket or owner.acls.exists(container):
            for kind in ("read", "write"):
                yield (container, kind), elements(owner.acls.read(container, kind))


def _state(grant: Grant, policy: Policy, lists: dict[tuple[str, str], tuple[str, ...]], now: datetime) -> str:
    if grant.mechanism == "acl" and not lists:
        return "not asked"
    wanted = lists_of(grant) if lists else frozenset()
    there = [element in lists.get((container, kind), ()) for container, kind, element in wanted]
    if grant.mechanism == "policy":
        there.append(any(id_of(each) == grant.id for each in policy.statements))
    if not any(there):
        return "gone"
    if ended(grant, now):
        return "ended"
    if grant.state == PENDING:
        return PENDING
    return "given" if all(there) else "partly"


def _strange(owner: Owner, lists: dict[tuple[str, str], tuple[str, ...]], mine: tuple[Grant, ...]) -> Iterator[str]:
    ours = {entry for each in mine for entry in lists_of(each) - lists_of(each, "before")}
    for (container, kind), found in lists.items():
        left = [each for each in found if (container, kind, each) not in ours and each != owner.project]
        where = "" if container == owner.bucket else f", in {container}"
        for sentence in readers(Policy(), joined(left)):
            words = sentence if kind == "read" else sentence.replace("read and list (read ACL)", "write (write ACL)")
            yield f"{words}{where}"
