"""What a server refuses about an object, in the user's words: one table for both protocols."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError, error_of


@dataclass(frozen=True, slots=True)
class ObjectRefusal:
    """``{url}`` is the object; in the hint, ``{object}`` and ``{bucket}`` are URLs for a shell, ``{at}`` options."""

    reference: str
    sentence: str
    code: ExitCode
    hint: str = ""

    def error(self, bucket_url: str, key: str, context: str = "", at: str = "") -> JsobjError:
        """The error for the object ``key``. ``at``: the options that choose the same login."""
        url = f"{bucket_url}/{key}"
        hint = self.hint.format(object=shlex.quote(url), bucket=shlex.quote(f"{bucket_url}/"), at=at)
        return error_of(self.reference, self.sentence.format(url=url), code=self.code, context=context, hint=hint)


OBJECT_NOT_FOUND = ObjectRefusal(
    "object-not-found", "there is no object {url}", ExitCode.NOT_FOUND, "see what there is: jsobj ls {bucket}{at}"
)
UPLOAD_NOT_FOUND = ObjectRefusal(
    "upload-not-found",
    "the server knows no such upload of {url}",
    ExitCode.NOT_FOUND,
    "unfinished uploads: jsobj uploads list {bucket}{at}",
)
OBJECT_CHANGED = ObjectRefusal(
    "object-changed",
    "{url} was replaced by another version meanwhile",
    ExitCode.INTEGRITY,
    "run the same command again: it takes the new version",
)
RANGE_OUTSIDE = ObjectRefusal(
    "range-outside", "{url} has no such bytes", ExitCode.USAGE, "its size: jsobj stat {object}{at}"
)
TOO_LARGE = ObjectRefusal(
    "object-too-large",
    "{url} is larger than the server takes in one request",
    ExitCode.REFUSED,
    "send it in parts",
)
NAME_REFUSED = ObjectRefusal(
    "object-refused",
    "the server does not take a name like {url}",
    ExitCode.REFUSED,
    "a name has at most 1024 bytes of UTF-8; the server's own words say more",
)
PARTS_REFUSED = ObjectRefusal(
    "parts-refused",
    "the server does not make {url} of its parts",
    ExitCode.INTEGRITY,
    "run the same command again: it compares the parts with the file and sends what is missing",
)
CONFLICT = ObjectRefusal(
    "store-conflict",
    "another request changes {url} at the same time",
    ExitCode.NETWORK,
    "run the same command again when nothing else writes to it",
)
DIGEST_DIFFERS = ObjectRefusal(
    "digest-differs",
    "the server's copy of {url} is not what was sent",
    ExitCode.INTEGRITY,
    "run the same command again; if it stays so, something on the way (proxy, memory, disk) changes bytes",
)
