"""What takes up space unnoticed: unfinished uploads, segments without their object, buckets of killed doctors."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from itertools import chain

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, passed, skipped, warned
from jsobj.doctor.checks.scratch_bucket import PREFIX
from jsobj.errors import JsobjError
from jsobj.net.prefetch import in_passing
from jsobj.store.location import Location
from jsobj.store.open import StoreRequest, open_store
from jsobj.store.values import Upload

_OLD = 24 * 3600.0  # seconds; younger ones may still be in use
_BUCKETS = 20  # looked at, so that a project with thousands does not take minutes
_SECONDS = 8.0
_SEGMENTS = ("_segments", "+segments")
_UNSEEN = "neither S3 nor Swift has shown the buckets"


def uploads(case: Case) -> Finding:
    """No unfinished multipart upload is older than a day."""
    names = [name for name in case.buckets or () if not name.endswith(_SEGMENTS)][:_BUCKETS]
    deadline = time.monotonic() + _SECONDS
    found = list(chain.from_iterable(in_passing(lambda name: list(_of(case, name, deadline)), names)))
    old = [(bucket, upload.key) for bucket, upload in found if _is_old(case, upload)]
    evidence = {"buckets looked at": f"{len(names)} of {len(case.buckets or ())}", "unfinished": str(len(found))}
    if not old:
        return passed("no unfinished upload is older than a day", evidence)
    evidence |= {f"s3://{bucket}/{key}"[:200]: "unfinished" for bucket, key in old[:10]}
    bucket, _ = old[0]
    hint = f"jsobj uploads list s3://{bucket}; then, for what is not in use: jsobj uploads abort s3://{bucket}/KEY"
    return warned(f"{len(old)} unfinished upload(s) older than a day take room", evidence, hint=hint)


def _of(case: Case, bucket: str, deadline: float) -> Iterator[tuple[str, Upload]]:
    if time.monotonic() > deadline:
        return
    store = open_store(case.settings, Location("s3", bucket), StoreRequest(case.scope.cloud, case.scope.profile))
    with contextlib.closing(store), contextlib.suppress(JsobjError):  # gone since, or shared by another project
        for upload in store.uploads():
            yield bucket, upload


def _is_old(case: Case, upload: Upload) -> bool:
    return upload.started is not None and case.now().timestamp() - upload.started > _OLD


def segments(case: Case) -> Finding:
    """Every container of segments still has the one that they belong to."""
    names = _names(case)
    if names is None:
        return skipped(_UNSEEN)
    orphans = sorted(n for n in names for end in _SEGMENTS if n.endswith(end) and n.removesuffix(end) not in names)
    if orphans:
        evidence = dict.fromkeys(orphans[:10], "without its container")
        sentence = f"{len(orphans)} container(s) of segments without the container that they belong to"
        hint = f"look, then: jsobj bucket delete swift://{orphans[0]} --recursive"
        return warned(sentence, evidence, hint=hint)
    return passed("no segments without their container")


def doctors(case: Case) -> Finding:
    """No bucket of a doctor that was killed is left."""
    names = _names(case)
    if names is None:
        return skipped(_UNSEEN)
    left = sorted(name for name in names if name.startswith(PREFIX) and not name.endswith(_SEGMENTS))
    if left:
        sentence = f"{len(left)} bucket(s) of a doctor that was stopped by force, or is at work elsewhere"
        scheme = "s3" if left[0] in (case.buckets or ()) else "swift"
        hint = f"jsobj bucket delete {scheme}://{left[0]} --recursive"
        return warned(sentence, {"buckets": ", ".join(left[:10])}, hint=hint)
    return passed("nothing is left of an earlier run")


def _names(case: Case) -> set[str] | None:
    """The buckets that S3 and Swift have shown; None where neither has."""
    if case.containers is None and case.buckets is None:
        return None
    return {*(case.containers or ()), *(case.buckets or ())}
