"""Policies and access control lists changed and looked at again: no server has a condition for that.

What was written is read back. Where somebody else wrote in between, so that our part is missing, it is done again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from jsobj.errors import ExitCode, JsobjError
from jsobj.share.policy import Policy
from jsobj.share.swift_acl import elements, joined
from jsobj.store.s3.bucket_policy import BucketPolicies
from jsobj.store.swift.container_acl import ContainerAcls

_ATTEMPTS = 5
_PAUSE = 0.2  # seconds


def change_policy(policies: BucketPolicies, bucket: str, change: Callable[[Policy], Policy]) -> bool:
    """Whether anything had to be changed. ``change`` gives the same for what it gave before.

    Raises :class:`JsobjError` (refused) where others keep changing it, or the server keeps something else.
    """
    changed = False
    for attempt in range(_ATTEMPTS):
        before = Policy.read(policies.read(bucket))
        wanted = change(before)
        if wanted == before:
            return changed
        time.sleep(_PAUSE if attempt else 0)
        policies.write(bucket, wanted.text())
        changed = True
        kept = Policy.read(policies.read(bucket))
        if change(kept) == kept:
            return changed
    raise _contested(f"the policy of {bucket}")


def change_list(acls: ContainerAcls, container: str, kind: str, element: str, *, there: bool) -> bool:
    """Put an element into a list, or with ``there`` False take it out; whether anything had to be changed.

    Raises :class:`JsobjError` as :func:`change_policy`; bucket not found.
    """
    changed = False
    for attempt in range(_ATTEMPTS):
        before = elements(acls.read(container, kind))
        if (element in before) is there:
            return changed
        time.sleep(_PAUSE if attempt else 0)
        wanted = (*before, element) if there else tuple(each for each in before if each != element)
        acls.write(container, joined(wanted), kind)
        changed = True
    if (element in elements(acls.read(container, kind))) is there:
        return changed
    raise _contested(f"the {kind} ACL of {container}")


def _contested(what: str) -> JsobjError:
    return JsobjError(
        "share-contested",
        f"{what} was set {_ATTEMPTS} times, and each time something else stood there afterwards",
        code=ExitCode.REFUSED,
        context="somebody else changes it at the same time, or the server keeps other words than it was given",
        hint="run the same command again when the other program is done",
    )
