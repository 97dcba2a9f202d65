"""What an answer of Azure's Blob storage means: try again, log in again, or an error for the user.

Codes: "Blob service error codes" and "Common REST API error codes" in Microsoft's REST reference; they come in the
header ``x-ms-error-code`` too, also to a HEAD. The details that come with a refused signature are never shown: they
repeat signatures.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import parse_qs

from jsobj.errors import ClockSkew, ExitCode, JsobjError, NotObjectStore
from jsobj.identity.foreign.azure import CONNECTION, KEY, LINK, SAS, AzureLogin
from jsobj.net.dates import http_epoch, iso_epoch
from jsobj.net.request import Reauthorise, Reply, Request, Retry, Verdict, evidence
from jsobj.net.xml import error_fields
from jsobj.store.digest_tries import TRIES
from jsobj.store.refusals import (
    CONFLICT,
    DIGEST_DIFFERS,
    NAME_REFUSED,
    OBJECT_CHANGED,
    OBJECT_NOT_FOUND,
    PARTS_REFUSED,
    RANGE_OUTSIDE,
    TOO_LARGE,
    UPLOAD_NOT_FOUND,
    Refusal,
)

_SKEW = 900.0  # seconds of difference that Azure allows
_OTHER_BYTES = frozenset({"Md5Mismatch", "Crc64Mismatch"})
_UNKNOWN_LOGIN = frozenset(
    {"AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation", "AuthorizationFailure"}
)
_NOT_PUBLIC_CODES = frozenset({"ResourceNotFound", "PublicAccessNotPermitted", "NoAuthenticationInformation"})

_CONTAINER_NOT_FOUND = Refusal(
    "bucket-not-found",
    "there is no container '{name}' in {endpoint}",
    ExitCode.NOT_FOUND,
    "see what there is: az storage container list --account-name {account}",
)
_FORBIDDEN = Refusal(
    "bucket-forbidden",
    "this login ({where}) may not do this with container '{name}' of {endpoint}",
    ExitCode.REFUSED,
    "ask its owner for a SAS token that allows it, or for the role 'Storage Blob Data Reader' (to write: Contributor)",
)
_ALIASES = {
    "TargetConditionNotMet": "ConditionNotMet",
    "SourceConditionNotMet": "ConditionNotMet",
    "CannotVerifyCopySource": "BlobNotFound",
    "ResourceNotFound": "BlobNotFound",
    "InvalidMd5": "Md5Mismatch",
    "Crc64Mismatch": "Md5Mismatch",
    "BlockCountExceedsLimit": "BlockListTooLong",
    "InvalidResourceName": "InvalidUri",
    "OutOfRangeInput": "InvalidUri",
    "BlobBeingRehydrated": "BlobArchived",
    "LeaseNotPresentWithBlobOperation": "LeaseIdMissing",
    "LeaseIdMismatchWithBlobOperation": "LeaseIdMissing",
    "LeaseLost": "LeaseIdMissing",
    "BlobImmutableDueToPolicy": "LeaseIdMissing",
    "ContainerDisabled": "ContainerBeingDeleted",
    "InsufficientAccountPermissions": "AuthorizationPermissionMismatch",
    "AuthorizationResourceTypeMismatch": "AuthorizationPermissionMismatch",
    "AuthorizationServiceMismatch": "AuthorizationPermissionMismatch",
    "AuthorizationProtocolMismatch": "AuthorizationPermissionMismatch",
    "AuthorizationSourceIPMismatch": "AuthorizationPermissionMismatch",
    "UnauthorizedBlobOverwrite": "AuthorizationPermissionMismatch",
}
_CODES = {
    "ContainerNotFound": _CONTAINER_NOT_FOUND,
    "BlobNotFound": OBJECT_NOT_FOUND,
    "ConditionNotMet": OBJECT_CHANGED,
    "InvalidRange": RANGE_OUTSIDE,
    "Md5Mismatch": DIGEST_DIFFERS,
    "InvalidBlockList": UPLOAD_NOT_FOUND,
    "BlockListTooLong": PARTS_REFUSED,
    "RequestBodyTooLarge": TOO_LARGE,
    "InvalidUri": NAME_REFUSED,
    "PendingCopyOperation": CONFLICT,
    "AuthorizationPermissionMismatch": _FORBIDDEN,
    "InvalidBlobOrBlock": Refusal(
        "upload-in-the-way",
        "an unfinished upload of another program to {url} is in the way",
        ExitCode.REFUSED,
        "finish it there, or choose another name; Azure removes its blocks after a week",
    ),
    "InvalidBlobType": Refusal(
        "object-other-kind",
        "{url} is a page or append blob, and only block blobs are written",
        ExitCode.REFUSED,
        "choose another name, or delete it first: jsobj does not",
    ),
    "BlobArchived": Refusal(
        "object-archived",
        "{url} is in the archive, from where nothing can be read",
        ExitCode.REFUSED,
        "have it brought back first, which takes hours: az storage blob set-tier --tier Hot ...",
    ),
    "LeaseIdMissing": Refusal(
        "object-locked",
        "{url} is locked: by another program's lease, or by a policy that keeps it as it is",
        ExitCode.REFUSED,
        "wait until the other program ends, or ask the container's owner",
    ),
    "SnapshotsPresent": Refusal(
        "object-locked",
        "{url} has snapshots, which would be deleted with it",
        ExitCode.REFUSED,
        "if that is wanted: az storage blob delete --delete-snapshots include ...",
    ),
    "ContainerBeingDeleted": Refusal(
        "store-conflict",
        "container '{name}' is being deleted or is disabled",
        ExitCode.NETWORK,
        "try again in a minute, or name another container",
    ),
    "AccountIsDisabled": Refusal(
        "azure-account-disabled",
        "the storage account {endpoint} is disabled",
        ExitCode.REFUSED,
        "ask its owner: the subscription may have ended",
    ),
    "KeyBasedAuthenticationNotPermitted": Refusal(
        "azure-login-refused",
        "the storage account {endpoint} allows no account keys",
        ExitCode.AUTH,
        "log in instead: az login; and unset the key (unset AZURE_STORAGE_KEY AZURE_STORAGE_CONNECTION_STRING)",
    ),
}
_BY_STATUS = {404: "BlobNotFound", 412: "ConditionNotMet", 416: "InvalidRange", 413: "RequestBodyTooLarge"}
_BY_STATUS |= {401: "AuthenticationFailed", 403: "AuthenticationFailed"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as errors describe it; ``now``: seconds since 1970."""

    login: AzureLogin
    request: Request
    now: float


def failure(reply: Reply, sent: Sent) -> Verdict:
    """What to do about a status that is not wanted and not one of those that always may pass."""
    said = error_fields(reply.body.removeprefix(b"\xef\xbb\xbf"))
    code = reply.headers.get("x-ms-error-code", "") or said.get("Code", "")
    message = said.get("Message", "").partition("\n")[0]  # what follows repeats id and time
    context = _printable(evidence(reply.status, code[:80], message, reply.request_id))
    if reply.status < 400 or not (code or "x-ms-request-id" in reply.headers):
        return not_azure(sent.login, context)
    code = code or _BY_STATUS.get(reply.status, "")
    if code in _OTHER_BYTES and reply.attempts < TRIES:
        return Retry("the server received other bytes than were sent")
    if sent.login.anonymous and (code in _NOT_PUBLIC_CODES or reply.status in {401, 403}):
        return _not_public(sent, code, context)
    if code in _UNKNOWN_LOGIN:
        return _login_refused(reply, sent, code, context)
    return _explained(_ALIASES.get(code, code), sent, context)


def _printable(text: str) -> str:
    return "".join(ch if ch.isprintable() else " " for ch in text)


def _explained(code: str, sent: Sent, context: str) -> JsobjError:
    request, login = sent.request, sent.login
    bucket, key = request.copy_from if request.copy_from and code == "BlobNotFound" else (request.bucket, request.key)
    if code == "BlobNotFound" and not key:
        code = "ContainerNotFound"
    if code == "BlobNotFound" and _about_blocks(request):
        return UPLOAD_NOT_FOUND.error("az", bucket, key, context)
    known = _CODES.get(code)
    if known is None:
        return JsobjError(
            "azure-failed",
            f"{login.endpoint} refuses this request",
            code=ExitCode.FAILURE,
            context=context,
            hint="the server's own words are above; look the code up in Azure's 'Blob service error codes'",
        )
    known = _filled(known, login)
    return known.error("az", bucket, key, context, endpoint=login.endpoint)


def _filled(refusal: Refusal, login: AzureLogin) -> Refusal:
    """The account and the login's origin, where a refusal names them."""
    sentence = refusal.sentence.replace("{where}", login.where.replace("{", "").replace("}", ""))
    hint = refusal.hint.replace("{account}", login.account)
    return Refusal(refusal.reference, sentence, refusal.code, hint)


def _about_blocks(request: Request) -> bool:
    return ("comp", "blocklist") in request.query


def _not_public(sent: Sent, code: str, context: str) -> JsobjError:
    """Of what is private Azure tells those without a login that it does not exist."""
    login, bucket = sent.login, sent.request.bucket
    what = f"container '{bucket}' of {login.endpoint}"
    sentence = f"{what} is not public, or does not exist, and no login was found"
    if code == "PublicAccessNotPermitted":
        sentence = f"{login.endpoint} allows nothing to be public, and no login was found"
    hint = f"name one: az login, or export AZURE_STORAGE_ACCOUNT={login.account} and {KEY}=KEY (or {SAS}=TOKEN)"
    return JsobjError("not-public", sentence, code=ExitCode.AUTH, context=context, hint=hint)


def _login_refused(reply: Reply, sent: Sent, code: str, context: str) -> Verdict:
    login = sent.login
    server = http_epoch(reply.headers.get("date", ""))
    skew = sent.now - server if server is not None else 0.0
    if code == "AuthorizationFailure" and not login.sas:
        hint = f"{_another_key(login)}; else its firewall lets only some networks in: ask its owner"
        return _refused(login, "this request", context, hint)
    if abs(skew) > _SKEW and not login.tokens:
        side = "ahead of" if skew > 0 else "behind"
        sentence = f"this computer's clock is {abs(skew):.0f} seconds {side} the server's"
        hint = "set the clock: sudo timedatectl set-ntp true"
        return ClockSkew(sentence, context=context, hint=hint)
    if login.tokens:
        return Reauthorise(_refused(login, "the token", context, f"log in again: {login.tokens.again}"))
    if login.sas:
        return _sas_refused(sent, context)
    return _refused(login, f"the key of account '{login.account}'", context, _another_key(login))


def _another_key(login: AzureLogin) -> str:
    """What to type where the key is wrong: into the place that was used, or into the one that counts before it."""
    account = shlex.quote(login.account)
    if login.where == KEY:
        return f"copy the key again: export {KEY}=$(az storage account keys list -n {account} --query [0].value -o tsv)"
    made = f"export {CONNECTION}=$(az storage account show-connection-string -n {account} -o tsv)"
    return f"copy the key again: {made}"


def another_sas(login: AzureLogin, container: str) -> str:
    """What to type where the SAS token has ended, in the same way."""
    if login.where == LINK:
        return "ask for a new link: this one's signature is what counts"
    account, name = shlex.quote(login.account), shlex.quote(container)
    make = f"az storage container generate-sas --account-name {account} -n {name} --permissions rl --expiry DATE -o tsv"
    if login.where == SAS:
        return f"ask for a new one, or make it: export {SAS}=$({make})"
    made = f'"BlobEndpoint={login.endpoint};SharedAccessSignature=$({make})"'
    return f"ask for a new one, or make it: export {CONNECTION}={made}"


def _refused(login: AzureLogin, what: str, context: str, hint: str) -> JsobjError:
    sentence = f"{login.endpoint} refuses {what} ({login.where})"
    return JsobjError("azure-login-refused", sentence, code=ExitCode.AUTH, context=context, hint=hint)


def sas_ends(login: AzureLogin) -> float | None:
    """When the SAS token ends, in seconds since 1970; None where it does not say (a stored policy does)."""
    text = parse_qs(login.sas.reveal()).get("se", [""])[0]
    return iso_epoch(text if "T" in text else f"{text}T00:00:00Z")


def _sas_refused(sent: Sent, context: str) -> JsobjError:
    login = sent.login
    ends, hint = sas_ends(login), another_sas(login, sent.request.bucket)
    if ends is not None and ends < sent.now:
        text = parse_qs(login.sas.reveal())["se"][0][:40]
        sentence = f"the SAS token for {login.endpoint} ended at {_printable(text)} ({login.where})"
        return JsobjError("azure-login-refused", sentence, code=ExitCode.AUTH, context=context, hint=hint)
    return _refused(login, "the SAS token, or it does not allow this", context, hint)


def not_azure(login: AzureLogin, context: str) -> JsobjError:
    """An answer that no Blob storage gives: a captive portal, a proxy, another service."""
    return NotObjectStore(
        f"{login.endpoint} answers, but not as Azure's Blob storage",
        context=context,
        hint="check the network (a portal's login page?) and the account's BlobEndpoint",
    )
