"""Taking a grant back: exactly what it put there, and nothing that another grant or somebody else needs.

It is safe to repeat, and serves for grants that were never finished.
"""

from __future__ import annotations

import json
from contextlib import suppress

from jsobj.errors import BucketNotFound, ExitCode, JsobjError
from jsobj.share.grants.change import change_list, change_policy
from jsobj.share.grants.inventory import Grant
from jsobj.share.grants.statements import id_of
from jsobj.share.owner import Owner


def take_back(owner: Owner, grant: Grant, known: tuple[Grant, ...]) -> bool:
    """Whether there was anything to take. ``known``: the inventory, whose other grants may need the same elements.

    A bucket that is gone has no grants. Raises :class:`JsobjError`: auth, network, refused.
    """
    taken = False
    if grant.mechanism == "policy":
        taken = take_statements(owner, grant.id)
    stays = needed_beside(grant, known) | lists_of(grant, "before")
    for container, kind, element in lists_of(grant) - stays:
        if owner.acls is None:
            raise _needs_login(owner)
        with suppress(BucketNotFound):
            taken |= change_list(owner.acls, container, kind, element, there=False)
    return taken


def take_statements(owner: Owner, id: str) -> bool:
    """Take the statements of an id out of the policy; whether there were any. Raises as :func:`take_back`."""
    if owner.policies is None:
        raise JsobjError(
            "share-needs-keys",
            f"this was given by the policy of {owner.bucket}, which only S3 keys may change",
            code=ExitCode.AUTH,
            hint=f"make them: jsobj ec2-creds{owner.at}",
        )
    with suppress(BucketNotFound):
        return change_policy(owner.policies, owner.bucket, lambda policy: policy.without(lambda one: id_of(one) == id))
    return False


def lists_of(grant: Grant, which: str = "lists") -> frozenset[tuple[str, str, str]]:
    """(container, ``read`` or ``write``, element) of a grant. ``which``: ``lists``, or ``before``: those of others."""
    return frozenset((str(one), str(kind), str(two)) for one, kind, two in json.loads(grant.details.get(which) or "[]"))


def needed_beside(grant: Grant, known: tuple[Grant, ...]) -> frozenset[tuple[str, str, str]]:
    """What other grants of the inventory need at the same server, as :func:`lists_of` gives it."""
    return frozenset(
        entry for each in known if each.id != grant.id and _beside(each, grant) for entry in lists_of(each)
    )


def _beside(one: Grant, other: Grant) -> bool:
    return (one.server, one.project) == (other.server, other.project)


def _needs_login(owner: Owner) -> JsobjError:
    return JsobjError(
        "share-needs-login",
        f"only a login may say who can read {owner.bucket}",
        code=ExitCode.AUTH,
        context=owner.no_login,
        hint="log in first: jsobj login RCFILE",
    )
