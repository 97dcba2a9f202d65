"""What an answer of the Swift API about an object means: good, try again, log in again, or an error for the user.

Statuses: OpenStack's Object Storage API reference; Ceph RGW's own (401 for a role that it does not accept, 413
``QuotaExceeded``, short texts in CamelCase) as measured on release 16.
"""

from __future__ import annotations

import shlex

from jsobj.errors import (
    ExitCode,
    JsobjError,
    NotObjectStore,
    ObjectChanged,
    ObjectNotFound,
    RangeOutside,
    UploadNotFound,
)
from jsobj.identity.command_hints import same_login
from jsobj.net.request import Reply, Request, Retry
from jsobj.store.digest_tries import TRIES
from jsobj.store.swift.errors import Asker, evidence, explained

_WORDS_SHOWN = 200


def words(reply: Reply) -> str:
    """Status, reason, request id and the server's own sentence, printable."""
    said = reply.body[:_WORDS_SHOWN].decode("utf-8", "replace").strip() if not reply.body.startswith(b"<") else ""
    context = evidence(reply.status, reply.reason, reply.headers)
    text = f"{context}: {said}" if said else context
    return "".join(ch if ch.isprintable() else " " for ch in text)


def failure(request: Request, reply: Reply, who: Asker | None) -> Retry | JsobjError:
    """What to do about a status that is not wanted, and not one of those that pass by themselves."""
    status, container, key = reply.status, request.bucket, request.key
    if status in {403, 404} and "x-amz-request-id" in reply.headers and "x-trans-id" not in reply.headers:
        return not_swift(container, words(reply))  # an S3 API, which takes Swift's path for a bucket and a key
    if status == 422:
        if reply.attempts < TRIES:
            return Retry("the server received other bytes than were sent")
        return wrong_digest(container, key, words(reply))
    if status == 409 and request.method == "PUT" and reply.attempts == 1:
        return Retry("another request changes the same object")
    if status == 412 or (status == 416 and "if-match" in request.headers):
        return object_changed(container, key, words(reply))
    if status < 400:
        return not_swift(container, words(reply))
    if not key:
        return _about_container(reply, who, container)
    return _about_object(request, reply, who, container, key)


def _about_container(reply: Reply, who: Asker | None, container: str) -> JsobjError:
    if reply.status in {401, 403} and who is None:
        return not_public(container, "", words(reply))
    return explained(reply.status, words(reply), who or Asker(""), container)


def _about_object(request: Request, reply: Reply, who: Asker | None, container: str, key: str) -> JsobjError:
    status, context = reply.status, words(reply)
    if status == 404 and not (request.method == "PUT" and request.copy_from is None):
        return object_not_found(container, key, context, who)
    if status in {401, 403} and who is None:
        return not_public(container, key, context)
    if status == 413 and "quota" not in context.lower():
        return JsobjError(
            "object-too-large",
            f"swift://{container}/{key} is larger than the server takes in one request",
            code=ExitCode.REFUSED,
            context=context,
            hint="send it in parts",
        )
    if status == 416:
        return RangeOutside(
            f"swift://{container}/{key} has no such bytes",
            context=context,
            hint=f"its size: jsobj stat {shlex.quote(f'swift://{container}/{key}')}",
        )
    if status == 400:
        return JsobjError(
            "object-refused",
            f"the server does not take swift://{container}/{key} so",
            code=ExitCode.REFUSED,
            context=context,
            hint="a name has at most 1024 bytes of UTF-8; the server's own words say more",
        )
    return explained(status, context, who or Asker(""), container)


def object_not_found(container: str, key: str, context: str, who: Asker | None = None) -> JsobjError:
    """There is no such object, or no such container."""
    return ObjectNotFound(
        f"there is no object swift://{container}/{key}",
        context=context,
        hint=f"see what there is: jsobj ls {shlex.quote(f'swift://{container}/')}"
        + same_login(cloud=who.cloud if who else ""),
    )


def upload_not_found(container: str, key: str) -> JsobjError:
    """No segment of such an upload is there."""
    return UploadNotFound(
        f"the server has no parts of this upload of swift://{container}/{key}",
        hint=f"unfinished uploads: jsobj uploads list {shlex.quote(f'swift://{container}')}",
    )


def object_changed(container: str, key: str, context: str = "") -> JsobjError:
    """Another version of the object is there than the one that was asked for."""
    return ObjectChanged(
        f"swift://{container}/{key} was replaced by another version meanwhile",
        context=context,
        hint="run the same command again: it takes the new version",
    )


def wrong_digest(container: str, key: str, context: str) -> JsobjError:
    """What the server keeps, or would keep, has another digest than what was sent."""
    return JsobjError(
        "digest-differs",
        f"the server's copy of swift://{container}/{key} is not what was sent",
        code=ExitCode.INTEGRITY,
        context=context,
        hint="run the same command again; if it stays so, something on the way (proxy, memory, disk) changes bytes",
    )


def not_public(container: str, key: str, context: str) -> JsobjError:
    """Nobody but its owners may read it, and there is no login."""
    return JsobjError(
        "not-public",
        f"swift://{container}/{key} is not public",
        code=ExitCode.AUTH,
        context=context,
        hint="log in first: jsobj login RCFILE",
    )


def not_swift(container: str, context: str) -> JsobjError:
    """An answer that no object store gives: a captive portal, a proxy, another service."""
    return NotObjectStore(
        f"what answers for swift://{container} is no Swift object store",
        context=context,
        hint="check the network (a portal's login page?) and the endpoint: jsobj whoami",
    )


def name_refused(what: str, name: str) -> JsobjError:
    """A name that cannot be asked for."""
    return JsobjError(
        "object-name", f"'{name[:80]}' cannot be {what}", code=ExitCode.USAGE, hint="write swift://CONTAINER/OBJECT"
    )
