"""How much a bucket may hold: set through the Swift API on both servers, shown by S3 on Ceph and by Swift on Swift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.housekeeping.sides import CEPH, Sides
from jsobj.housekeeping.usage import account_limits, bucket_totals
from jsobj.store.buckets import Totals
from jsobj.store.swift.containers import set_quota


@dataclass(frozen=True, slots=True)
class Quota:
    """Use and limits of a bucket, limits of the account.

    ``unknown``: why the bucket's limits are not known, "" where they are.
    """

    bucket: Totals
    account: Totals
    unknown: str = ""


def quota_of(sides: Sides) -> Quota:
    """What the server tells, by one or two requests."""
    shows = sides.s3 if sides.server == CEPH else sides.swift
    if shows is not None:
        return Quota(bucket_totals(shows), account_limits(shows))
    unknown = sides.no_keys if sides.server == CEPH else sides.no_login
    found = bucket_totals(sides.first)
    return Quota(found, account_limits(sides.first), unknown)


def change(sides: Sides, limits: Mapping[str, int | None]) -> None:
    """Set limits, ``size`` (bytes) and ``objects``; None takes one away, one that is not named stays.

    Raises :class:`JsobjError`: refused without a login of the same account, and where the server did not take it.
    """
    if sides.swift is None:
        raise JsobjError(
            "quota-needs-login",
            f"a quota is set through the Swift API, with a login: {sides.no_login}",
            code=ExitCode.REFUSED,
            hint="log in: jsobj login RCFILE",
        )
    set_quota(sides.swift.requests, limits)
    after = quota_of(sides)
    if after.unknown:
        return
    kept = {"size": after.bucket.max_size, "objects": after.bucket.max_objects}
    if any(kept[name] != limit for name, limit in limits.items()):
        raise JsobjError(
            "quota-not-kept",
            f"the server did not keep the quota of {sides.bucket}",
            code=ExitCode.REFUSED,
            context=f"asked for {dict(limits)}, found {kept}",
            hint="the cloud's operator may have limited who sets quotas: ask the help desk",
        )
