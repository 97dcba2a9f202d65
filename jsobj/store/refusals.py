"""What a server refuses about a bucket or an object, in the user's words: one table for both protocols."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError, error_of

_NOUNS = {"swift": ("container", " swift://"), "az": ("container", "")}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal.

    ``{url}``: the object; ``{noun}`` and ``{name}``: the bucket; ``{endpoint}``: the server. In the hint ``{object}``,
    ``{folder}`` and ``{bucket}`` are URLs for a shell, and ``{at}`` the options that choose the same login.
    """

    reference: str
    sentence: str
    code: ExitCode
    hint: str = ""

    def error(
        self, dialect: str, bucket: str, key: str = "", context: str = "", at: str = "", endpoint: str = ""
    ) -> JsobjError:
        """The error for the object ``key``, or for the bucket."""
        place = f"{dialect}://{bucket}"
        url = f"{place}/{key}"
        noun, listing = _NOUNS.get(dialect, ("bucket", ""))
        sentence = self.sentence.format(url=url, noun=noun, name=bucket, endpoint=endpoint)
        object_url, folder, bucket_url = map(shlex.quote, (url, f"{place}/", place))
        hint = self.hint.format(object=object_url, folder=folder, bucket=bucket_url, listing=listing, at=at)
        return error_of(self.reference, sentence, code=self.code, context=context, hint=hint)


BUCKET_NOT_FOUND = Refusal(
    "bucket-not-found",
    "there is no {noun} '{name}'",
    ExitCode.NOT_FOUND,
    "see what there is: jsobj bucket list{listing}{at}",
)
BUCKET_NAME_TAKEN = Refusal(
    "bucket-name-taken",
    "the name '{name}' is taken by another project: names are shared by all users of this cloud",
    ExitCode.REFUSED,
    "add something of your own to the name, or let jsobj do it: --unique",
)
BUCKET_IS_THERE = Refusal(
    "bucket-is-there",
    "this project has a {noun} '{name}' already",
    ExitCode.REFUSED,
    "see what there is: jsobj bucket list{listing}{at}",
)
BUCKET_NAME_RULES = Refusal(
    "bucket-name-rules",
    "the server does not allow the name '{name}'",
    ExitCode.USAGE,
    "use 3 to 63 small letters, digits and '-'",
)
BUCKET_NOT_EMPTY = Refusal(
    "bucket-not-empty",
    "{noun} '{name}' is not empty",
    ExitCode.REFUSED,
    "to delete it with everything in it: jsobj bucket delete {bucket} --recursive{at}",
)
QUOTA = Refusal(
    "quota",
    "the quota of {noun} '{name}', or that of its project, does not allow more",
    ExitCode.REFUSED,
    "see both: jsobj bucket quota {bucket}{at}; delete something, set the bucket's higher (--size), or ask for more",
)
PROJECT_QUOTA = Refusal(
    "quota", "the project's quota is used up", ExitCode.REFUSED, "see it: jsobj bucket usage{at}; delete something"
)

SEGMENTS_GONE = Refusal(
    "segments-gone",
    "{url} cannot be read: segments that it consists of are gone, or were replaced",
    ExitCode.INTEGRITY,
    "see which: jsobj verify --segments {object}{at}; then send the object anew",
)
OBJECT_NOT_FOUND = Refusal(
    "object-not-found", "there is no object {url}", ExitCode.NOT_FOUND, "see what there is: jsobj ls {folder}{at}"
)
VERSION_NOT_FOUND = Refusal(
    "version-not-found",
    "{url} has no such version",
    ExitCode.NOT_FOUND,
    "see which there are: jsobj ls --versions {object}{at}",
)
UPLOAD_NOT_FOUND = Refusal(
    "upload-not-found",
    "the server knows no such upload of {url}",
    ExitCode.NOT_FOUND,
    "unfinished uploads: jsobj uploads list {folder}{at}",
)
OBJECT_CHANGED = Refusal(
    "object-changed",
    "{url} was replaced by another version meanwhile",
    ExitCode.INTEGRITY,
    "run the same command again: it takes the new version",
)
RANGE_OUTSIDE = Refusal("range-outside", "{url} has no such bytes", ExitCode.USAGE, "its size: jsobj stat {object}{at}")
TOO_LARGE = Refusal(
    "object-too-large", "{url} is larger than the server takes in one request", ExitCode.REFUSED, "send it in parts"
)
NAME_REFUSED = Refusal(
    "object-refused",
    "the server does not take a name like {url}",
    ExitCode.REFUSED,
    "a name has at most 1024 bytes of UTF-8; the server's own words say more",
)
PARTS_REFUSED = Refusal(
    "parts-refused",
    "the server does not make {url} of its parts",
    ExitCode.INTEGRITY,
    "run the same command again: it compares the parts with the file and sends what is missing",
)
CONFLICT = Refusal(
    "store-conflict",
    "another request changes {url} at the same time",
    ExitCode.NETWORK,
    "run the same command again when nothing else writes to it",
)
DIGEST_DIFFERS = Refusal(
    "digest-differs",
    "the server's copy of {url} is not what was sent",
    ExitCode.INTEGRITY,
    "run the same command again; if it stays so, something on the way (proxy, memory, disk) changes bytes",
)


def member_refused(name: str, fault: str) -> JsobjError:
    """The error for a member of an archive that is not given out."""
    return JsobjError(
        "member-refused",
        f"{name} is not given out: {fault}",
        code=ExitCode.REFUSED,
        hint="fetch the archive whole, and use the tool that made it; a download leaves this out with --exclude",
    )
