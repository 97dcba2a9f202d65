"""S3's error codes in the user's words, and botocore's errors by them, with the server's words as evidence."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from jsobj.errors import ExitCode, JsobjError, S3Failed, StoreRedirects, StoreUnreachable, error_of
from jsobj.identity.command_hints import same_login
from jsobj.store.access import S3Access

_SHORT = {
    "NoSuchBucket": (
        "bucket-not-found",
        "there is no bucket '{bucket}'",
        ExitCode.NOT_FOUND,
        "see what there is: jsobj bucket list{at}",
    ),
    "AccessDenied": (
        "bucket-forbidden",
        "bucket '{bucket}' belongs to another project, or your role does not allow this",
        ExitCode.REFUSED,
        "jsobj whoami{at} shows project and roles",
    ),
    "403": (
        "bucket-forbidden",
        "bucket '{bucket}' belongs to another project, or the key is refused",
        ExitCode.REFUSED,
        "jsobj bucket list{at} shows whether the key works",
    ),
    "BucketAlreadyExists": (
        "bucket-name-taken",
        "the name '{bucket}' is taken by another project: names are shared by all users of this cloud",
        ExitCode.REFUSED,
        "add something of your own to the name, or let jsobj do it: --unique",
    ),
    "BucketNotEmpty": (
        "bucket-not-empty",
        "bucket '{bucket}' is not empty",
        ExitCode.REFUSED,
        "to delete it with everything in it: jsobj bucket delete {quoted} --recursive --yes{at}",
    ),
    "InvalidBucketName": (
        "bucket-name-rules",
        "the server does not allow the name '{bucket}'",
        ExitCode.USAGE,
        "use 3 to 63 small letters, digits and '-'",
    ),
    "TooManyBuckets": (
        "too-many-buckets",
        "this project has as many buckets as the cloud allows",
        ExitCode.REFUSED,
        "delete one that is not needed, or ask for a higher limit",
    ),
    "QuotaExceeded": ("quota", "the project's quota is used up", ExitCode.REFUSED, "delete something, or ask for more"),
    "InvalidAccessKeyId": (
        "s3-key-refused",
        "{endpoint} does not know the key",
        ExitCode.AUTH,
        "jsobj ec2-creds --new",
    ),
    "SignatureDoesNotMatch": (
        "s3-key-refused",
        "{endpoint} refuses the key: it is unknown, deleted, or its secret is wrong",
        ExitCode.AUTH,
        "make the profile again: jsobj ec2-creds{at}",
    ),
    "RequestTimeTooSkewed": (
        "clock-skew",
        "this computer's clock is more than 15 minutes wrong",
        ExitCode.AUTH,
        "set the clock: sudo timedatectl set-ntp true",
    ),
    "AuthorizationHeaderMalformed": (
        "s3-region",
        "{endpoint} wants another signing region",
        ExitCode.LOCAL,
        "jsobj ec2-creds{at} finds it and writes it into the profile",
    ),
}
_SHORT["404"] = _SHORT["NoSuchBucket"]
_REFUSED = _SHORT["SignatureDoesNotMatch"]
_ELSEWHERE = (
    "not-object-store",
    "{endpoint} answers, but not as an object store's S3 API",
    ExitCode.NETWORK,
    "jsobj endpoint finds the right one",
)
# For a request without a bucket, the same codes speak of the key or of the endpoint.
_OF_ACCOUNT = {"AccessDenied": _REFUSED, "403": _REFUSED, "404": _ELSEWHERE, "NoSuchBucket": _ELSEWHERE}


@contextmanager
def translate_errors(access: S3Access, bucket: str = "") -> Iterator[None]:
    """Turn what boto3 raises inside into :class:`JsobjError`. ``bucket`` is "" for a request to the account."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _from_response(error, access, bucket) from error
    except BotoCoreError as error:
        raise StoreUnreachable(
            "s3-unreachable",
            f"cannot speak with {access.origin}",
            code=ExitCode.NETWORK,
            context=_without_url(str(error)),
            hint="check the network; jsobj endpoint tests the endpoint",
        ) from error


def _from_response(error: Any, access: S3Access, bucket: str) -> JsobjError:
    origin, response = access.origin, error.response
    code = str(response.get("Error", {}).get("Code", ""))
    metadata = response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    headers = metadata.get("HTTPHeaders", {})
    request_id = metadata.get("RequestId") or headers.get("x-trans-id") or headers.get("x-amz-request-id") or ""
    message = str(response.get("Error", {}).get("Message", ""))
    context = " ".join(part for part in (f"HTTP {status}", code, message[:200], request_id) if part)
    known = explained(code, access, bucket, context)
    if known is not None:
        return known
    if 300 <= status < 400:
        return redirected(access, context, headers.get("location", ""))
    if status == 429 or status >= 500:
        return JsobjError(
            "s3-busy",
            f"{origin} answered {status}",
            code=ExitCode.NETWORK,
            context=context,
            hint="try again in a minute",
        )
    if status == 405:
        hint = "an endpoint_url that contains /swift/v1 answers like this: jsobj endpoint"
        return JsobjError(
            "s3-not-allowed", f"{origin} does not allow this", code=ExitCode.REFUSED, context=context, hint=hint
        )
    return S3Failed(f"{origin} refuses this request", context=context)


def explained(code: str, access: S3Access, bucket: str, context: str) -> JsobjError | None:
    """The error for S3's code (or status, where there is none); None for a code that says nothing to a user.

    ``bucket`` is "" for a request to the account; ``context`` is evidence, without secrets.
    """
    known = _SHORT.get(code) if bucket else _OF_ACCOUNT.get(code, _SHORT.get(code))
    if known is None:
        return None
    reference, sentence, exit_code, hint = known
    at = same_login(profile=access.profile)
    words = {"bucket": bucket, "quoted": shlex.quote(f"s3://{bucket}"), "endpoint": str(access.origin), "at": at}
    return error_of(reference, sentence.format(**words), code=exit_code, context=context, hint=hint.format(**words))


def redirected(access: S3Access, context: str, location: str, endpoint: str = "") -> JsobjError:
    """The server redirects: to a URL, of which only the host is shown, or to S3's ``Endpoint``."""
    target = urlsplit(location)
    target_name = endpoint or (f"{target.scheme}://{target.netloc}" if target.netloc else "")
    return StoreRedirects(
        f"{access.origin} wants requests sent elsewhere, and a signature is never sent on",
        context=f"{context} to {target_name[:200]}" if target_name else context,
        hint="use the right endpoint: jsobj endpoint finds it",
    )


def _without_url(text: str) -> str:
    """botocore names URLs with their query, which may be a signature."""
    return text.split("?", 1)[0]
