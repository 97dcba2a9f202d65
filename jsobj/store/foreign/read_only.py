"""A store of which nothing can be asked but to read: one refusal for all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.objects import Store
from jsobj.store.values import Limits, ObjectInfo, PartDigest


class ReadOnly(Store):
    """What every other method of :class:`jsobj.store.objects.Store` is there: refused (``web-read-only``)."""

    def _refuse(self, *words: Any, **named: Any) -> NoReturn:
        raise JsobjError(
            "web-read-only",
            f"{self.place.url()} can only be read",
            code=ExitCode.REFUSED,
            hint="write to a bucket: s3://BUCKET/KEY or swift://CONTAINER/OBJECT",
        )

    put = delete = copy = begin = put_part = copy_part = parts = _complete = abort = uploads = _refuse
    at_version = presign = _refuse

    @property
    def limits(self) -> Limits:
        """Those of S3: nothing is sent there."""
        return Limits()

    def _read_info(self) -> Mapping[str, Any]:
        return {}

    def kept_value(self, value: str) -> str:
        """The value as it is."""
        return value

    def part_size(self, info: ObjectInfo, number: int) -> int:
        """No server reports it."""
        return 0

    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        """The MD5 of all bytes, where it is known."""
        return (PartDigest(0, info.size, info.md5),) if info.md5 else None
