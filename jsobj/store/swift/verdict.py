"""What an answer of the Swift API about an object means: good, try again, log in again, or an error for the user.

Statuses: OpenStack's Object Storage API reference; Ceph RGW's own (401 for a role that it does not accept, 413
``QuotaExceeded``, short texts in CamelCase) as measured on release 16.
"""

from __future__ import annotations

from jsobj.errors import ExitCode, JsobjError, NotObjectStore
from jsobj.identity.command_hints import same_login
from jsobj.net.request import Reply, Request, Retry
from jsobj.store.digest_tries import TRIES
from jsobj.store.refusals import (
    DIGEST_DIFFERS,
    NAME_REFUSED,
    OBJECT_CHANGED,
    OBJECT_NOT_FOUND,
    PARTS_REFUSED,
    RANGE_OUTSIDE,
    SEGMENTS_GONE,
    TOO_LARGE,
    Refusal,
)
from jsobj.store.swift.errors import AccountContext, evidence, explained

_NOT_PUBLIC = Refusal("not-public", "{url} is not public", ExitCode.AUTH, "log in first: jsobj login RCFILE")
_WORDS_SHOWN = 200


def words(reply: Reply) -> str:
    """Status, reason, request id and the server's own sentence, printable."""
    sentence = reply.body[:_WORDS_SHOWN].decode("utf-8", "replace").strip() if not reply.body.startswith(b"<") else ""
    context = evidence(reply.status, reply.reason, reply.headers)
    text = f"{context}: {sentence}" if sentence else context
    return "".join(ch if ch.isprintable() else " " for ch in text)


def failure(request: Request, reply: Reply, who: AccountContext | None) -> Retry | JsobjError:
    """What to do about a status that is not wanted, and not one of those that pass by themselves."""
    status, container, key = reply.status, request.bucket, request.key
    if status in {403, 404} and "x-amz-request-id" in reply.headers and "x-trans-id" not in reply.headers:
        return not_swift(container, words(reply))  # an S3 API, which takes Swift's path for a bucket and a key
    if status == 404 and not reply.request_id:
        return not_swift(container, words(reply))  # object stores number their answers
    if status == 422:
        if reply.attempts < TRIES:
            return Retry("the server received other bytes than were sent")
        return DIGEST_DIFFERS.error("swift", container, key, words(reply))
    if status == 409 and key and request.method == "PUT" and reply.attempts == 1:
        return Retry("another request changes the same object")
    if status in {412, 416} and "if-match" in request.headers:
        return OBJECT_CHANGED.error("swift", container, key, words(reply))
    if status < 400:
        return not_swift(container, words(reply))
    if not key:
        return _about_container(request, reply, who, container)
    return _about_object(request, reply, who, container, key)


def _about_container(request: Request, reply: Reply, who: AccountContext | None, container: str) -> JsobjError:
    if reply.status in {401, 403} and who is None:
        return _NOT_PUBLIC.error("swift", container, "", words(reply))
    verb = "create" if request.method == "PUT" else ""
    return explained(reply.status, words(reply), who or AccountContext(""), container, verb)


def _about_object(request: Request, reply: Reply, who: AccountContext | None, container: str, key: str) -> JsobjError:
    status, context = reply.status, words(reply)
    at = same_login(cloud=who.cloud if who else "")
    if status == 404 and not (request.method == "PUT" and request.copy_from is None):
        return OBJECT_NOT_FOUND.error("swift", *(request.copy_from or (container, key)), context, at)
    if status in {401, 403} and who is None:
        return _NOT_PUBLIC.error("swift", container, key, context)
    if status == 413 and "quota" not in context.lower():
        return TOO_LARGE.error("swift", container, key, context)
    if status == 400 and ("multipart-manifest", "put") in request.query:
        return PARTS_REFUSED.error("swift", container, key, context)
    if status == 409 and request.method in {"GET", "HEAD"}:
        return SEGMENTS_GONE.error("swift", container, key, context, at)
    if status in {400, 412, 416}:  # 412 also to a name that is not UTF-8, where nothing was a condition
        return (RANGE_OUTSIDE if status == 416 else NAME_REFUSED).error("swift", container, key, context, at)
    return explained(status, context, who or AccountContext(""), container)


def not_swift(container: str, context: str) -> JsobjError:
    """An answer that no object store gives: a captive portal, a proxy, another service."""
    return NotObjectStore(
        f"what answers for swift://{container} is no Swift object store",
        context=context,
        hint="check the network (a portal's login page?) and the endpoint: jsobj whoami",
    )


def name_refused(what: str, name: str) -> JsobjError:
    """A name that cannot be requested."""
    return JsobjError(
        "object-name", f"'{name[:80]}' cannot be {what}", code=ExitCode.USAGE, hint="write swift://CONTAINER/OBJECT"
    )
