"""botocore's errors in the user's words, with the server's code and request id as evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.urls import Origin

_SHORT = {
    "NoSuchBucket": ("bucket-not-found", "there is no bucket '{bucket}'", ExitCode.NOT_FOUND, "jsobj bucket list"),
    "404": ("bucket-not-found", "there is no bucket '{bucket}'", ExitCode.NOT_FOUND, "jsobj bucket list"),
    "AccessDenied": (
        "bucket-forbidden",
        "bucket '{bucket}' belongs to another project, or your role does not allow this",
        ExitCode.REFUSED,
        "jsobj whoami shows project and roles",
    ),
    "403": (
        "bucket-forbidden",
        "bucket '{bucket}' belongs to another project, or the key is refused",
        ExitCode.REFUSED,
        "jsobj bucket list shows whether the key works",
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
        "to delete it with everything in it: jsobj bucket delete {bucket} --recursive --yes",
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
        "make the profile anew: jsobj ec2-creds",
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
        "jsobj ec2-creds finds it and writes it into the profile",
    ),
}


@contextmanager
def translated(origin: Origin, bucket: str = "") -> Iterator[None]:
    """Turn what boto3 raises inside into :class:`JsobjError`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _from_response(error, origin, bucket) from error
    except BotoCoreError as error:
        raise JsobjError(
            "s3-unreachable",
            f"cannot speak with {origin}",
            code=ExitCode.NETWORK,
            context=_without_url(str(error)),
            hint="check the network; jsobj endpoint tests the endpoint",
        ) from error


def _from_response(error: Any, origin: Origin, bucket: str) -> JsobjError:
    response = error.response
    code = str(response.get("Error", {}).get("Code", ""))
    metadata = response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    headers = metadata.get("HTTPHeaders", {})
    request_id = metadata.get("RequestId") or headers.get("x-trans-id") or headers.get("x-amz-request-id") or ""
    message = str(response.get("Error", {}).get("Message", ""))
    context = " ".join(part for part in (f"HTTP {status}", code, message[:200], request_id) if part)
    if code in _SHORT:
        reference, sentence, exit_code, hint = _SHORT[code]
        words = {"bucket": bucket, "endpoint": str(origin)}
        return JsobjError(
            reference, sentence.format(**words), code=exit_code, context=context, hint=hint.format(**words)
        )
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
    return JsobjError("s3-failed", f"{origin} refuses this request", code=ExitCode.FAILURE, context=context)


def _without_url(text: str) -> str:
    """botocore names URLs with their query, which may be a signature."""
    return text.split("?", 1)[0]
