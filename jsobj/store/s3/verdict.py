"""What an S3 answer that is not wanted means: try again, or an error for the user.

Codes: Amazon S3 API reference, "List of error codes", and what Ceph RGW 16 and OpenStack Swift's s3api were seen to
answer. Swift makes every refusal of Keystone's ``SignatureDoesNotMatch``, and every quota ``EntityTooLarge``; RGW makes
a Keystone that throttles ``InvalidAccessKeyId`` (Ceph issue 66222).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from jsobj.errors import ExitCode, JsobjError, KeyRefused, S3Failed
from jsobj.identity.command_hints import same_login
from jsobj.net.dates import http_epoch
from jsobj.net.request import Reply, Request, Retry, evidence
from jsobj.net.xml import error_fields
from jsobj.store.access import S3Access
from jsobj.store.digest_tries import TRIES
from jsobj.store.refusals import (
    CONFLICT,
    DIGEST_DIFFERS,
    NAME_REFUSED,
    OBJECT_CHANGED,
    OBJECT_NOT_FOUND,
    PARTS_REFUSED,
    RANGE_OUTSIDE,
    SEGMENTS_GONE,
    TOO_LARGE,
    UPLOAD_NOT_FOUND,
    Refusal,
)
from jsobj.store.s3.errors import another_key, elsewhere, explained, not_allowed, redirected
from jsobj.store.values import Limits

_SUSPICIONS = 3  # slow retries of a key that is refused though it has worked
_SKEW = 900.0  # seconds of difference that Amazon's, Ceph's and Swift's servers allow
_KEY_REFUSED = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch"})
# Answers of status 409 that stay the same: no other request is in the way.
_SETTLED = frozenset({"BucketAlreadyExists", "BucketAlreadyOwnedByYou", "BucketNotEmpty", "BrokenMPU"})
_OTHER_BYTES = frozenset({"XAmzContentSHA256Mismatch", "BadDigest", "InvalidDigest"})

_OBJECT = {
    "NoSuchKey": OBJECT_NOT_FOUND,
    "NoSuchUpload": UPLOAD_NOT_FOUND,
    "PreconditionFailed": OBJECT_CHANGED,
    "InvalidRange": RANGE_OUTSIDE,
    "EntityTooLarge": TOO_LARGE,
    "KeyTooLongError": NAME_REFUSED,
    "InvalidPart": PARTS_REFUSED,
    "OperationAborted": CONFLICT,
    "BrokenMPU": SEGMENTS_GONE,  # Swift's
    "NotImplemented": Refusal("s3-not-implemented", "this server does not offer that", ExitCode.REFUSED),
    "InvalidArgument": Refusal("s3-argument", "the server does not take this request for {url}", ExitCode.FAILURE),
    "BadDigest": DIGEST_DIFFERS,
}
_NOT_PUBLIC = Refusal(
    "not-public",
    "{url} is not public",
    ExitCode.AUTH,
    "make a key: jsobj ec2-creds; public data of an OpenStack Swift are at swift:// (its S3 API needs a key)",
)
# Of a server that was named for this command: whether there is a login for it is not known.
_NOT_PUBLIC_ELSEWHERE = (
    "ask its owner; with a key for this server, leave --no-sign-request out; public data of an OpenStack Swift have "
    "another address: https://HOST/v1/AUTH_PROJECT/CONTAINER/"
)
_NOT_FOUND_UNSIGNED = Refusal(
    "bucket-not-found",
    "without a key, the server finds no bucket '{name}'",
    ExitCode.NOT_FOUND,
    "on a Ceph where buckets belong to projects, put the project's id in front: s3://PROJECT:BUCKET",
)
_ALIASES = {
    "InvalidURI": "KeyTooLongError",
    "InvalidObjectName": "KeyTooLongError",
    "InvalidPartOrder": "InvalidPart",
    "EntityTooSmall": "InvalidPart",
    "XAmzContentSHA256Mismatch": "BadDigest",
    "InvalidDigest": "BadDigest",
    "MaxSizeExceeded": "EntityTooLarge",
}
_BY_STATUS = {404: "NoSuchKey", 409: "OperationAborted", 412: "PreconditionFailed", 416: "InvalidRange"}
_BY_STATUS |= {413: "EntityTooLarge", 501: "NotImplemented", 507: "QuotaExceeded", 401: "AccessDenied"}
_BY_STATUS |= {403: "AccessDenied"}


@dataclass(frozen=True, slots=True)
class Said:
    """An error in the server's words: ``code`` is S3's, "" where there is none; ``context`` is evidence, printable."""

    code: str
    context: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as errors describe it. ``accepted``: the key has worked in this run; ``now``: seconds since 1970."""

    access: S3Access
    bucket: str
    key: str
    accepted: bool
    now: float

    @property
    def unsigned(self) -> bool:
        """Whether there is no key."""
        return not self.access.key.access


def said(reply: Reply) -> Said:
    """Status, code, the server's sentence and its request id."""
    fields = error_fields(reply.body)
    code = fields.get("Code", "")
    text = evidence(reply.status, code, fields.get("Message", ""), reply.request_id)
    return Said(code[:80], "".join(ch if ch.isprintable() else " " for ch in text), fields)


def failure(request: Request, reply: Reply, what: Said, sent: SentRequest) -> Retry | JsobjError:
    """What to do about a status that is not wanted and not one of those that always may pass."""
    if reply.status < 300:
        return elsewhere(sent.access, what.context)
    if reply.status < 400:
        location, endpoint = reply.headers.get("location", ""), what.fields.get("Endpoint", "")
        return redirected(sent.access, what.context, location, endpoint)
    if skewed := _skewed(reply, what, sent):
        return skewed
    if what.code in _KEY_REFUSED and sent.accepted:
        return _suspect(reply, what, sent)
    return _may_pass(reply, what) or _final(request, reply, what, sent)


def _may_pass(reply: Reply, what: Said) -> Retry | None:
    """A Retry for what is worth another try though its status does not say so."""
    if what.code == "RequestTimeout":
        return Retry("the server waited too long for the body")
    if what.code in _OTHER_BYTES and reply.attempts < TRIES:
        return Retry("the server received other bytes than were sent")
    if reply.status == 409 and reply.attempts == 1 and what.code not in _SETTLED:
        return Retry("another request changes the same object")
    return None


def _final(request: Request, reply: Reply, what: Said, sent: SentRequest) -> JsobjError:
    if sent.unsigned and (reply.status in {401, 403} or ("x-trans-id" in reply.headers and not what.code)):
        known = _NOT_PUBLIC if sent.access.profile else replace(_NOT_PUBLIC, hint=_NOT_PUBLIC_ELSEWHERE)
        return known.error("s3", sent.bucket, sent.key, what.context)
    if not what.code and reply.body and b"<Error" not in reply.body and reply.status not in {413, 507}:
        return elsewhere(sent.access, what.context)  # a portal's or a proxy's page
    if request.method != "HEAD" and reply.status in {403, 404} and not (reply.body or reply.request_id):
        return elsewhere(sent.access, what.context)  # S3 names a reason, and numbers its answers
    if reply.status == 405 and not request.key:
        return not_allowed(sent.access, what.context)
    code = _code(request, reply, what)
    if sent.unsigned and code == "NoSuchBucket" and ":" not in sent.bucket:
        hint = _NOT_FOUND_UNSIGNED.hint.replace("PROJECT", sent.access.tenant or "PROJECT")
        return replace(_NOT_FOUND_UNSIGNED, hint=hint).error("s3", sent.bucket, "", what.context)
    found = of_object(code, what.context, _meant(request, what, sent))
    return found or S3Failed(f"{sent.access.origin} refuses this request", context=what.context)


def _code(request: Request, reply: Reply, what: Said) -> str:
    """The code by which the answer is explained, made more exact by the request."""
    code = what.code or _BY_STATUS.get(reply.status, "")
    code = _ALIASES.get(code, code)
    names = {name for name, _ in request.query}
    if code == "NoSuchKey" and "uploadId" in names and request.copy_from is None:
        return "NoSuchUpload"  # RGW's ListParts and Swift's Abort say so
    if code == "NoSuchKey" and not request.key:
        return "NoSuchBucket"
    if code == "EntityTooLarge" and (request.source is None or request.source.size <= Limits().largest_put):
        return "QuotaExceeded"
    if code == "InvalidRange" and "if-match" in request.headers:
        return "PreconditionFailed"
    return code


def of_object(code: str, context: str, sent: SentRequest) -> JsobjError | None:
    """The error for a code about an object or its bucket; None for a code without one."""
    known = _OBJECT.get(code)
    if known is None:
        return explained(code, sent.access, sent.bucket, context)
    return known.error("s3", sent.bucket, sent.key, context, same_login(profile=sent.access.profile))


def _meant(request: Request, what: Said, sent: SentRequest) -> SentRequest:
    """Of a copy, the object that is missing is the source. A bucket that is missing is the one that is written to:
    that of the source was read before."""
    if request.copy_from is None or what.code != "NoSuchKey":
        return sent
    return SentRequest(sent.access, *request.copy_from, sent.accepted, sent.now)


def _skewed(reply: Reply, what: Said, sent: SentRequest) -> JsobjError | None:
    """Where clocks differ too much a signature is refused, not always under that name; ``Date`` shows by how much."""
    server = http_epoch(reply.headers.get("date", ""))
    skew = sent.now - server if server is not None else 0.0
    if sent.unsigned or (what.code != "RequestTimeTooSkewed" and not (reply.status == 403 and abs(skew) > _SKEW)):
        return None
    known = explained("RequestTimeTooSkewed", sent.access, sent.bucket, what.context)
    assert known is not None
    if abs(skew) < 1:
        return known
    side = "ahead of" if skew > 0 else "behind"
    return known.reworded(f"this computer's clock is {abs(skew):.0f} seconds {side} the server's")


def _suspect(reply: Reply, what: Said, sent: SentRequest) -> Retry | JsobjError:
    """The key has worked before: the server may have lost touch with Keystone."""
    if reply.attempts <= _SUSPICIONS:
        return Retry("the key is refused, though it has worked: perhaps Keystone is busy", True, 2.0**reply.attempts)
    return KeyRefused(
        f"{sent.access.origin} refuses the key that it has accepted before; this may be Keystone throttling",
        context=what.context,
        hint="run the same command again in some minutes; if it stays so, the key was deleted: "
        + another_key(sent.access, f"jsobj ec2-creds{same_login(profile=sent.access.profile)}"),
    )
