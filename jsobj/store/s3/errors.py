"""S3's error codes in the user's words, and botocore's errors by them, with the server's words as evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from jsobj.errors import ExitCode, JsobjError, S3Failed, StoreRedirects, StoreUnreachable
from jsobj.identity.command_hints import same_login
from jsobj.net.request import evidence
from jsobj.store.access import IN_ENVIRONMENT, S3Access
from jsobj.store.refusals import (
    BUCKET_IS_THERE,
    BUCKET_NAME_RULES,
    BUCKET_NAME_TAKEN,
    BUCKET_NOT_EMPTY,
    BUCKET_NOT_FOUND,
    PROJECT_QUOTA,
    QUOTA,
    Refusal,
)

_KEY_REFUSED = Refusal(
    "s3-key-refused",
    "{endpoint} refuses the key: it is unknown, deleted, or its secret is wrong",
    ExitCode.AUTH,
    "make the profile again: jsobj ec2-creds{at}",
)
_CODES = {
    "NoSuchBucket": BUCKET_NOT_FOUND,
    "404": BUCKET_NOT_FOUND,
    "AccessDenied": Refusal(
        "bucket-forbidden",
        "bucket '{name}' belongs to another project, or your role does not allow this",
        ExitCode.REFUSED,
        "jsobj whoami{at} shows project and roles",
    ),
    "403": Refusal(
        "bucket-forbidden",
        "bucket '{name}' belongs to another project, or the key is refused",
        ExitCode.REFUSED,
        "jsobj bucket list{at} shows whether the key works",
    ),
    "BucketAlreadyExists": BUCKET_NAME_TAKEN,
    "BucketAlreadyOwnedByYou": BUCKET_IS_THERE,
    "BucketNotEmpty": BUCKET_NOT_EMPTY,
    "InvalidBucketName": BUCKET_NAME_RULES,
    "TooManyBuckets": Refusal(
        "too-many-buckets",
        "this project has as many buckets as the cloud allows",
        ExitCode.REFUSED,
        "delete one that is not needed, or ask for a higher limit",
    ),
    "QuotaExceeded": QUOTA,
    "InvalidAccessKeyId": Refusal(
        "s3-key-refused", "{endpoint} does not know the key", ExitCode.AUTH, "jsobj ec2-creds --new{at}"
    ),
    "SignatureDoesNotMatch": _KEY_REFUSED,
    "RequestTimeTooSkewed": Refusal(
        "clock-skew",
        "this computer's clock is more than 15 minutes wrong",
        ExitCode.AUTH,
        "set the clock: sudo timedatectl set-ntp true",
    ),
    "AuthorizationHeaderMalformed": Refusal(
        "s3-region",
        "{endpoint} wants another signing region",
        ExitCode.LOCAL,
        "jsobj ec2-creds{at} finds it and writes it into the profile",
    ),
}
_ELSEWHERE = Refusal(
    "not-object-store",
    "{endpoint} answers, but not as an object store's S3 API",
    ExitCode.NETWORK,
    "jsobj endpoint finds the right one",
)
# For a request without a bucket, the same codes speak of the key or of the endpoint.
_ACCOUNT_CODES = _CODES | {
    "AccessDenied": _KEY_REFUSED,
    "403": _KEY_REFUSED,
    "404": _ELSEWHERE,
    "NoSuchBucket": _ELSEWHERE,
    "QuotaExceeded": PROJECT_QUOTA,
}


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
    context = evidence(status, code, str(response.get("Error", {}).get("Message", "")), str(request_id))
    known = explained(code, access, bucket, context)
    if code == "404" and not request_id:  # to a HEAD, which has no body; object stores number their answers
        return elsewhere(access, context)
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
        return not_allowed(access, context)
    return S3Failed(f"{origin} refuses this request", context=context)


def explained(code: str, access: S3Access, bucket: str, context: str) -> JsobjError | None:
    """The error for S3's code (or status, where there is none); None for a code without one.

    ``bucket`` is "" for a request to the account; ``context`` is evidence, without secrets.
    """
    known = (_CODES if bucket else _ACCOUNT_CODES).get(code)
    if known is None:
        return None
    error = known.error("s3", bucket, "", context, same_login(profile=access.profile), str(access.origin))
    if known.reference == "s3-key-refused":
        return error.reworded(error.message, hint=another_key(access, error.hint))
    return error


def another_key(access: S3Access, hint: str) -> str:
    """``hint`` makes a new key; it is of no use while the variables name the old one."""
    if access.where != IN_ENVIRONMENT:
        return hint
    return f"unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; then {hint}"


def not_allowed(access: S3Access, context: str) -> JsobjError:
    """405 to a request about a bucket or the account."""
    hint = "an endpoint_url that contains /swift/v1 answers like this: jsobj endpoint"
    sentence = f"{access.origin} does not allow this"
    return JsobjError("s3-not-allowed", sentence, code=ExitCode.REFUSED, context=context, hint=hint)


def elsewhere(access: S3Access, context: str) -> JsobjError:
    """An answer that no object store gives: a captive portal, a proxy, another service."""
    return _ELSEWHERE.error("s3", "", "", context, endpoint=str(access.origin))


def redirected(access: S3Access, context: str, location: str, endpoint: str = "") -> JsobjError:
    """The server redirects: to a URL, of which only the host is shown, or to S3's ``Endpoint``."""
    target = urlsplit(location)
    target_name = endpoint or (f"{target.scheme}://{target.netloc}" if target.netloc else "")
    hint = "use the right endpoint: jsobj endpoint finds it"
    if endpoint and not access.key.access:
        hint = f"write the address with the host that it names: {access.origin.scheme}://{endpoint[:200]}/..."
    return StoreRedirects(
        f"{access.origin} wants requests sent elsewhere, and a signature is never sent on",
        context=f"{context} to {target_name[:200]}" if target_name else context,
        hint=hint,
    )


def _without_url(text: str) -> str:
    """botocore names URLs with their query, which may be a signature."""
    return text.split("?", 1)[0]
