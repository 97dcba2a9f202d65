"""The bucket in which the doctor writes: its own, removed whatever happens, or a place of its own in the user's."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jsobj.doctor.case import Case
from jsobj.doctor.values import Finding, failed, passed, skipped
from jsobj.errors import ExitCode, JsobjError
from jsobj.store.s3_account import make_client
from jsobj.store.s3_errors import translated

PREFIX = "jsobj-doctor-"
_UNDER_WAY = 2.0  # seconds that are given to a request that Ctrl-C left under way
_PAUSES = (0.0, 0.5, 1.0)  # seconds before each look for what one makes that took longer


@dataclass(slots=True)
class Workplace:
    """Where to write: keys begin with ``prefix``. ``own`` buckets are removed as a whole.

    Whoever writes does so within :meth:`working`; once the last removal has begun, nobody can.
    """

    client: Any
    bucket: str
    prefix: str
    own: bool
    gone: bool = False
    _busy: int = 0
    _closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def key(self, name: str) -> str:
        """The key of an object of ours."""
        return f"{self.prefix}{name}"

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """To be entered by each check while it writes. Raises :class:`JsobjError` (interrupted) at the doctor's end."""
        with self._changed:
            if self._closed:
                raise JsobjError("interrupted", "the doctor was stopped", code=ExitCode.INTERRUPTED)
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def remove(self) -> None:
        """Delete all that is ours, unfinished uploads first, and the bucket if it is. Does nothing the second time."""
        if self.gone:
            return
        client, bucket = self.client, self.bucket
        uploads = client.list_multipart_uploads(Bucket=bucket, Prefix=self.prefix)
        for upload in uploads.get("Uploads", ()):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        for item in client.list_objects_v2(Bucket=bucket, Prefix=self.prefix).get("Contents", ()):
            client.delete_object(Bucket=bucket, Key=item["Key"])
        if self.own:
            client.delete_bucket(Bucket=bucket)
        self.gone = True

    def remove_quietly(self) -> None:
        """The last try, after Ctrl-C or a failure that was told already: there is nobody left to tell.

        Ctrl-C does not reach the check's thread. Its request is given time to end; after one that takes longer, what
        is there is looked for more than once.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        with self._changed:
            self._closed = True
            idle = self._changed.wait_for(lambda: not self._busy, _UNDER_WAY)
        for pause in _PAUSES[:1] if idle else _PAUSES:
            time.sleep(pause)
            try:
                self.remove()
            except ClientError:  # not there yet, or written into meanwhile
                continue
            except BotoCoreError:  # nobody answers: neither will the next look be answered
                return
            if self.own:
                return
            self.gone = False  # in the user's bucket, an empty place is no proof that nothing more comes


def open_workplace(case: Case) -> Workplace:
    """Make the bucket (without a LocationConstraint, which Ceph refuses), its removal registered before it is made:
    Ctrl-C may come while the answer is on its way.

    Raises :class:`jsobj.errors.JsobjError`.
    """
    assert case.access is not None, "needs 'profile'"
    client = make_client(case.access)
    mark = f"{PREFIX}{uuid.uuid4().hex[:12]}"
    if case.wish.bucket:
        place = Workplace(client, case.wish.bucket, f"{mark}/", own=False)
        with translated(case.access, place.bucket):
            client.head_bucket(Bucket=place.bucket)
        case.undo.callback(place.remove_quietly)
    else:
        place = Workplace(client, mark, "", own=True)
        case.undo.callback(place.remove_quietly)
        with place.working(), translated(case.access, place.bucket):
            client.create_bucket(Bucket=place.bucket)
    case.workplace = place
    return place


def clean_up(case: Case) -> Finding:
    """Nothing of the doctor's is left behind."""
    place: Workplace | None = case.workplace
    if place is None or case.access is None:
        return skipped("nothing was made")
    where = f"s3://{place.bucket}/{place.prefix}"
    with translated(case.access, place.bucket):
        place.remove()
        if place.own:
            left = place.bucket in {b["Name"] for b in place.client.list_buckets().get("Buckets", ())}
        else:
            left = bool(place.client.list_objects_v2(Bucket=place.bucket, Prefix=place.prefix).get("KeyCount", 0))
    if left:
        return failed(f"{where} is still there", hint=f"jsobj bucket delete {place.bucket} --recursive --yes")
    return passed(f"{where} is gone again")
