"""Lifecycle rules: set, shown, taken away; read back each time, rules of others compared."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.housekeeping.lifecycle import document, rules_of, same
from jsobj.housekeeping.rule_keepers import needs_keys
from jsobj.net.xml import Element
from jsobj.store.s3.bucket_documents import LIFECYCLE, BucketDocuments

if TYPE_CHECKING:
    from jsobj.store.values import Listed

_DAY = 86400  # seconds
_COUNTED = 100_000  # objects that are looked at before a question


@dataclass(frozen=True, slots=True)
class LifecycleBucket:
    """The bucket that is meant, with its documents. ``at``: options for hints."""

    bucket: str
    documents: BucketDocuments
    at: str = ""


@dataclass(frozen=True, slots=True)
class LifecycleChange:
    """The rules before and now."""

    before: tuple[Element, ...]
    rules: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Doomed:
    """What goes at the server's next run. ``more``: the bucket has more objects than were looked at."""

    objects: int
    size: int
    more: bool


def lifecycle_of(server: str, bucket: str, documents: BucketDocuments | None, *, at: str = "") -> LifecycleBucket:
    """Where the rules are. Raises :class:`JsobjError`: refused on Swift, which has none; auth without S3 keys."""
    if server == "swift":
        raise JsobjError(
            "lifecycle-swift",
            "Swift has no lifecycle rules; an object can be given its own end there, when it is sent",
            code=ExitCode.REFUSED,
            hint=(
                f"swift upload --header 'X-Delete-After: SECONDS' {shlex.quote(bucket)} FILE",
                f"unfinished uploads: jsobj uploads abort {shlex.quote(f'swift://{bucket}/')}{at}",
            ),
        )
    if documents is None:
        raise needs_keys(bucket, "lifecycle rules", at)
    return LifecycleBucket(bucket, documents, at)


def read_rules(target: LifecycleBucket) -> tuple[Element, ...]:
    """The rules that there are."""
    return rules_of(target.documents.document(target.bucket, LIFECYCLE))


def change_rules(
    target: LifecycleBucket,
    change: Callable[[tuple[Element, ...]], Sequence[Element]],
    keep: Callable[[str], None],
) -> LifecycleChange:
    """Replace the rules by what ``change`` makes of them. ``keep`` is given the old document before.

    What is read back must mean the same; else the old rules are put back. Raises :class:`JsobjError` (refused).
    """
    before = read_rules(target)
    wanted = tuple(change(before))
    if same(before, wanted):
        return LifecycleChange(before, before)
    if before:
        keep(document(before))
    with contextlib.ExitStack() as undo:
        undo.callback(target.documents.put_document, target.bucket, LIFECYCLE, document(before))
        target.documents.put_document(target.bucket, LIFECYCLE, document(wanted))
        now = read_rules(target)
        if not same(now, wanted):
            raise JsobjError(
                "lifecycle-not-kept",
                f"the server keeps other rules of '{target.bucket}' than it was given; the old ones were put back",
                code=ExitCode.REFUSED,
                context=f"given {document(wanted)[:300]}; kept {document(now)[:300]}",
                hint=f"see what there is: jsobj bucket lifecycle show {shlex.quote(target.bucket)}{target.at}",
            )
        undo.pop_all()
    return LifecycleChange(before, now)


def doomed(listed: Iterable[Listed], days: int, now: float) -> Doomed:
    """Of a listing, the objects that are older than ``days`` at ``now`` (seconds since 1970)."""
    objects = size = 0
    for seen, item in enumerate(listed):
        if seen == _COUNTED:
            return Doomed(objects, size, True)
        if item.modified is not None and item.modified < now - days * _DAY:
            objects, size = objects + 1, size + item.size
    return Doomed(objects, size, False)


def server_says(target: LifecycleBucket, key: str) -> str:
    """When an object goes, in the words of the server's answer to a HEAD; "" where it names no end."""
    return target.documents.headers(target.bucket, key).get("x-amz-expiration", "")
