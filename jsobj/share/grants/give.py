"""Giving a place to another project, or to one person in it, by what the server really honours.

Ceph with keys: statements of its bucket policy (:mod:`jsobj.share.grants.statements`), for a project, a prefix or an
object, and until a moment. Swift, and Ceph with a login alone or for a person: elements of the container's read and
write ACL, for whole containers and without an end. Measured (Ceph RGW 16, Swift 2.38): on Ceph the element ``PROJECT``
opens S3 and Swift, ``PROJECT:*`` only Swift; Swift knows ``PROJECT:*`` only; ``PROJECT:USER`` is the person's Swift
token alone. Segments of large objects lie in containers of their own, where Ceph looks at the ACL alone.

The inventory is written first: who is killed in between leaves no grant, or one that is in it.
"""

from __future__ import annotations

import json
import shlex
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.share.grants import inventory
from jsobj.share.grants.change import change_list, change_policy
from jsobj.share.grants.inventory import GIVEN, Grant
from jsobj.share.grants.statements import grant_statements, owner_statement
from jsobj.share.grants.take import lists_of, take_back
from jsobj.share.grants.whom import Whom
from jsobj.share.policy import Statement
from jsobj.share.public import segments_of
from jsobj.share.swift_acl import elements

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.share.owner import Owner

Entry = tuple[str, str, str]  # container, ``read`` or ``write``, element of that list


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be given. ``key``: an object, a prefix with a slash at its end, "" for all; ``ends``: "" for never.

    ``url``: the place as typed; ``made``: now; times are ISO 8601 in UTC. ``cloud``, ``profile``: the login, as typed.
    """

    key: str
    whom: Whom
    write: bool
    url: str
    made: str
    ends: str = ""
    cloud: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What was set, and read back.

    ``opened``: containers of segments that were opened too; ``closed``: those that stay closed, and with them the large
    objects whose bytes they hold. ``enforced``: whether the server itself ends it; ``theirs``: whether what they write
    belongs to their project (on Ceph).
    """

    grant: Grant
    opened: tuple[str, ...]
    closed: tuple[str, ...]
    enforced: bool
    theirs: bool = False


def give(owner: Owner, wish: Wish, settings: Settings) -> Given:
    """Give it, and read back what was set. What was changed is put back where that fails.

    Raises :class:`JsobjError`: refused for what this server cannot do, with what to use instead; auth without a login
    where one is needed; usage for a prefix that a policy cannot express.
    """
    mechanism = _mechanism(owner, wish)
    segments = tuple(segments_of(owner))
    opens = owner.acls is not None and not wish.key
    if mechanism == "acl" and wish.write and not segments:
        segments = (f"{owner.bucket}_segments",)
    wanted = _entries(owner, wish, mechanism, segments if opens else ())
    id = inventory.new_id()
    statements: tuple[Statement, ...] = ()
    if mechanism == "policy":
        write, ends = wish.write, wish.ends
        statements = grant_statements(id, owner.bucket, wish.key, wish.whom.project, write=write, ends=ends)
        if wish.write and owner.project:
            statements = (*statements, owner_statement(owner.bucket, owner.project))
    grant = Grant(
        id=id,
        bucket=owner.bucket,
        key=wish.key,
        url=wish.url,
        server=str(owner.place.origin),
        whom=wish.whom.words,
        access="write" if wish.write else "read",
        made=wish.made,
        mechanism=mechanism,
        ends=wish.ends,
        project=owner.project,
        cloud=wish.cloud,
        profile=wish.profile,
        details={"project": wish.whom.project, "user": wish.whom.user, "lists": json.dumps(wanted)},
    )
    known = inventory.read(settings).given
    grant = replace(grant, details={**grant.details, "before": json.dumps(_foreign(owner, wanted, grant, known))})
    with ExitStack() as undo:
        inventory.update(settings, lambda book: book.with_grant(grant))
        undo.callback(_undo, owner, grant, known, settings)
        if statements:
            assert owner.policies is not None
            change_policy(owner.policies, owner.bucket, lambda policy: policy.with_statements(statements))
        for container, kind, element in (*wanted, *_own(owner, wish, mechanism, segments if opens else ())):
            assert owner.acls is not None
            if container != owner.bucket and not owner.acls.exists(container):
                owner.acls.make(container)
            change_list(owner.acls, container, kind, element, there=True)
        done = replace(grant, state=GIVEN)
        inventory.update(settings, lambda book: book.with_grant(done))
        undo.pop_all()
    enforced, theirs = bool(statements) and not wanted, wish.write and owner.server != "swift"
    return Given(done, segments if opens else (), () if opens else segments, enforced, theirs)


def _undo(owner: Owner, grant: Grant, known: tuple[Grant, ...], settings: Settings) -> None:
    """The inventory forgets it only after the server has."""
    take_back(owner, grant, known)
    inventory.update(settings, lambda book: book.without_grant(grant.id))


def element_for(server: str, whom: Whom) -> str:
    """How an access control list of this server names somebody."""
    if whom.user:
        return f"{whom.project}:{whom.user}"
    return f"{whom.project}:*" if server == "swift" else whom.project


def _mechanism(owner: Owner, wish: Wish) -> str:
    """``policy`` or ``acl``. Raises :class:`JsobjError` for what the server cannot do."""
    if wish.whom.project == owner.project and not wish.whom.user:
        raise BadUsage(
            f"project {owner.project} is the bucket's own, and may do everything with it",
            hint="name the other one: jsobj share --help",
        )
    if owner.policies is not None and not wish.whom.user:
        return "policy"
    if owner.acls is None:
        person = "; over S3 there are only projects, not persons" if wish.whom.user else ""
        raise JsobjError(
            "share-needs-login",
            f"only a login may say who can read {owner.bucket}{person}",
            code=ExitCode.AUTH,
            context=owner.no_login,
            hint="log in first: jsobj login RCFILE",
        )
    if wish.key:
        _refuse_prefix(owner, wish)
    return "acl"


def _refuse_prefix(owner: Owner, wish: Wish) -> None:
    keys = f"; with S3 keys it can be given to all of a project: jsobj ec2-creds{owner.at}"
    here = shlex.quote(f"swift://{owner.bucket}/{wish.key}")
    raise JsobjError(
        "share-prefix",
        f"an access control list opens whole containers, not '{wish.key}'{keys if owner.server != 'swift' else ''}",
        code=ExitCode.REFUSED,
        hint=(
            f"put what is shared into a container of its own: jsobj cp {here} swift://NEW/{owner.at}",
            f"or hand out a link to one object: jsobj presign swift://{owner.bucket}/OBJECT{owner.at}",
        ),
    )


def _entries(owner: Owner, wish: Wish, mechanism: str, segments: tuple[str, ...]) -> list[Entry]:
    """The elements of lists that the grant needs: of the containers of segments always, of the bucket by an ACL."""
    containers = (*((owner.bucket,) if mechanism == "acl" else ()), *segments)
    kinds = ("read", "write") if wish.write else ("read",)
    return [(each, kind, element_for(owner.server, wish.whom)) for each in containers for kind in kinds]


def _own(owner: Owner, wish: Wish, mechanism: str, segments: tuple[str, ...]) -> list[Entry]:
    """What lets the owner read what others write: on Ceph that belongs to the writer's project."""
    if not wish.write or owner.server == "swift":
        return []
    containers = (*((owner.bucket,) if mechanism == "acl" else ()), *segments)
    return [(each, "read", owner.project) for each in containers]


def _foreign(owner: Owner, wanted: list[Entry], grant: Grant, known: tuple[Grant, ...]) -> list[Entry]:
    """What stands in the lists already, though no grant of the inventory put it there: it stays when this one ends."""
    ours = {
        entry
        for each in known
        if each.server == grant.server and each.project == grant.project
        for entry in lists_of(each) - lists_of(each, "before")
    }
    return [
        (container, kind, element)
        for container, kind, element in wanted
        if (container, kind, element) not in ours
        and owner.acls is not None
        and owner.acls.exists(container)
        and element in elements(owner.acls.read(container, kind))
    ]
