"""The bucket in which the doctor writes: its own, removed whatever happens, or a place of its own in the user's."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from jsobj.doctor.case import Case
from jsobj.doctor.values import Finding, failed, passed, skipped
from jsobj.store.s3_account import make_client
from jsobj.store.s3_errors import translated

PREFIX = "jsobj-doctor-"
_PAUSES = (0.0, 0.2, 0.5, 1.0)  # seconds, before each look for what an interrupted request leaves


@dataclass(slots=True)
class Workplace:
    """Where to write: keys begin with ``prefix``. ``own`` buckets are removed as a whole."""

    client: Any
    bucket: str
    prefix: str
    own: bool
    gone: bool = False

    def key(self, name: str) -> str:
        """The key of an object of ours."""
        return f"{self.prefix}{name}"

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

        Ctrl-C does not reach the check's thread: its last request may still be under way, to make the bucket or to
        write into it, so that one look is not enough.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        for pause in _PAUSES:
            time.sleep(pause)
            try:
                self.remove()
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in {"NoSuchBucket", "BucketNotEmpty"}:
                    return
            except BotoCoreError:
                return
            if self.gone:
                return


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
        with translated(case.access, place.bucket):
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
