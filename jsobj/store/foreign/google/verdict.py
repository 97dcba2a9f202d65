"""What an answer of Google's storage means: good, try again, log in again, or an error for the user.

Statuses and reasons: "HTTP status and error codes for JSON", Cloud Storage documentation. Google tells in its message
whose permission to what is missing, which is passed on.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from jsobj.errors import BucketNotFound, ExitCode, JsobjError, NotObjectStore
from jsobj.identity.foreign.google import LOG_IN, GoogleLogin
from jsobj.net.request import Reply, Request, Retry, evidence
from jsobj.store.digest_tries import TRIES
from jsobj.store.refusals import (
    CONFLICT,
    DIGEST_DIFFERS,
    NAME_REFUSED,
    OBJECT_CHANGED,
    OBJECT_NOT_FOUND,
    RANGE_OUTSIDE,
    TOO_LARGE,
    Refusal,
)

NO_OBJECT = "No such object"  # how Google's sentence begins where the bucket is there
_NO_BUCKET = "specified bucket does not exist"
_RATES = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_PAYS = ("requester pays", "userproject", "user project", "billing", "quota project", "serviceusage")
_WORDS = 300


@dataclass(frozen=True, slots=True)
class Said:
    """An error in Google's words: ``reason`` is one word, "" where there is none."""

    reason: str
    message: str
    context: str


def said(reply: Reply) -> Said:
    """What the body says: JSON, or a text of a download's."""
    reason, message = "", ""
    try:
        document = reply.json()
    except ValueError:
        text = reply.text.strip()
        message = "" if text.startswith("<") else text
    else:
        error = document.get("error") if isinstance(document, dict) else None
        if isinstance(error, dict):
            errors = error.get("errors")
            first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
            reason, message = str(first.get("reason") or ""), str(error.get("message") or "")
    text = evidence(reply.status, reason[:60], message[:_WORDS], reply.headers.get("x-guploader-uploadid", "")[:60])
    return Said(reason, message, "".join(ch if ch.isprintable() else " " for ch in text))


def failure(request: Request, reply: Reply, login: GoogleLogin) -> Retry | JsobjError:
    """What to do about a status that is not wanted, and not one of those that pass by themselves."""
    what, status, bucket, key = said(reply), reply.status, request.bucket, request.key
    if reply.status < 400 or reply.body.lstrip()[:1] == b"<":
        return _not_google(bucket, what)
    if status == 403 and what.reason in _RATES:
        return Retry("the server asks for fewer requests", slow=True)
    if status == 400 and "md5" in what.message.lower():
        if reply.attempts < TRIES:
            return Retry("the server received other bytes than were sent")
        return DIGEST_DIFFERS.error("gs", bucket, key, what.context)
    if status in {400, 403} and any(word in what.message.lower() for word in _PAYS):
        return _pays(bucket, what)
    if status in {401, 403}:
        return _refused(request, status, what, login)
    if status == 404:
        return _not_found(request, what)
    known = {409: CONFLICT, 412: OBJECT_CHANGED, 413: TOO_LARGE, 416: RANGE_OUTSIDE}.get(status)
    if known is None and status == 400 and key and "name" in what.message.lower():
        known = NAME_REFUSED
    if known is not None:
        return known.error("gs", bucket, key, what.context)
    return JsobjError(
        "google-failed", f"Google's storage refuses this request for gs://{bucket}/{key}", code=ExitCode.FAILURE,
        context=what.context,
    )  # fmt: skip


def _not_found(request: Request, what: Said) -> JsobjError:
    if not request.key or _NO_BUCKET in what.message:
        return bucket_not_found(request.bucket, what.context)
    bucket, key = request.copy_from or (request.bucket, request.key)
    return OBJECT_NOT_FOUND.error("gs", bucket, key, what.context)


def bucket_not_found(bucket: str, context: str = "") -> JsobjError:
    """Names of buckets are the whole world's, so that there is no list to look at."""
    return BucketNotFound(
        f"Google has no bucket '{bucket}'", context=context, hint="check the name: gcloud storage buckets list"
    )


def _refused(request: Request, status: int, what: Said, login: GoogleLogin) -> JsobjError:
    if not login.kind:
        searched = f"; looked in {', '.join(login.searched)}" if login.searched else ""
        refusal = Refusal("not-public", "{url} is not public, and no login at Google was found", ExitCode.AUTH)
        error = refusal.error("gs", request.bucket, request.key, what.context + searched)
        return error.reworded(error.message, hint=(f"log in: {LOG_IN}", "or see: jsobj help clouds"))
    if status == 401:
        ended = login.kind == "token"
        return JsobjError(
            "google-login-refused",
            f"Google does not accept {login.where}" + (": it has ended, or is wrong" if ended else ""),
            code=ExitCode.AUTH,
            context=what.context,
            hint=login.again,
        )
    return JsobjError(
        "google-forbidden",
        f"{login.who or 'this login'} may not do that with gs://{request.bucket}/{request.key}",
        code=ExitCode.REFUSED,
        context=what.context,
        hint="ask the bucket's owner for the permission that Google names; roles: Storage Object Viewer to read, "
        "Storage Object User to write",
    )


def _pays(bucket: str, what: Said) -> JsobjError:
    return JsobjError(
        "google-billing",
        f"Google wants to know which project pays for requests to gs://{bucket}",
        code=ExitCode.REFUSED,
        context=what.context,
        hint="name a project of yours with billing: export GOOGLE_CLOUD_QUOTA_PROJECT=PROJECT",
    )


def _not_google(bucket: str, what: Said) -> JsobjError:
    return NotObjectStore(
        f"what answers for gs://{bucket} is not Google's storage",
        context=what.context,
        hint="check the network (a portal's login page?): jsobj doctor --bucket " + shlex.quote(f"gs://{bucket}"),
    )


def changed(request: Request, context: str = "") -> JsobjError:
    """The object has another generation now."""
    return OBJECT_CHANGED.error("gs", request.bucket, request.key, context)


def malformed(bucket: str, context: str) -> JsobjError:
    """An answer of a good status that Google does not give."""
    return _not_google(bucket, replace(Said("", "", ""), context=context))
