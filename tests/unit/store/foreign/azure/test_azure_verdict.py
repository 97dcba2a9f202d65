"""What answers of Azure mean, and that no error shows a secret."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.foreign.azure import LINK, AzureLogin
from jsobj.identity.foreign.azure_tokens import Tokens
from jsobj.net.request import Reauthorise, Reply, Request, Retry
from jsobj.secret import Secret
from jsobj.store.foreign.azure.verdict import Sent, failure

NOW = 1796013000.0  # 2026-11-30 04:30:00 UTC
DATE = "Mon, 30 Nov 2026 04:30:00 GMT"
ENDPOINT = "https://samples.blob.core.windows.net"
SIGNATURE = "c2VjcmV0c2VjcmV0c2VjcmV0"
ANONYMOUS = AzureLogin("samples", ENDPOINT, "no login, for public data")
KEY = replace(ANONYMOUS, where="AZURE_STORAGE_KEY", key=Secret("a2V5"))
SAS = replace(
    ANONYMOUS, where="AZURE_STORAGE_SAS_TOKEN", sas=Secret(f"sv=2021&se=2026-11-30T04:00:00Z&sig={SIGNATURE}")
)
LONG = replace(SAS, sas=Secret(f"sv=2021&se=2027-11-30&sig={SIGNATURE}"))
TOKEN = replace(ANONYMOUS, where="az login", tokens=Tokens("az login", "az login", lambda: None))
GET = Request("GET", "/one/k", bucket="one", key="k")
LIST = Request("GET", "/one", bucket="one")


def said(status: int, code: str, *, date: str = DATE, body: bytes = b"", attempts: int = 1) -> Reply:
    headers = {"x-ms-error-code": code, "x-ms-request-id": "id-1", "date": date}
    return Reply(status, "", headers, body, attempts=attempts)


def verdict(status: int, code: str, login: AzureLogin = KEY, request: Request = GET, **more: str) -> JsobjError:
    found = failure(said(status, code, **more), Sent(login, request, NOW))
    found = found.error if isinstance(found, Reauthorise) else found
    assert isinstance(found, JsobjError)
    return found


@pytest.mark.parametrize(
    ("status", "code", "request_", "reference"),
    [
        (404, "ContainerNotFound", GET, "bucket-not-found"),
        (404, "BlobNotFound", GET, "object-not-found"),
        (404, "", LIST, "bucket-not-found"),
        (404, "BlobNotFound", replace(GET, query=(("comp", "blocklist"),)), "upload-not-found"),
        (400, "InvalidBlockList", GET, "upload-not-found"),
        (400, "InvalidBlobOrBlock", GET, "upload-in-the-way"),
        (412, "ConditionNotMet", GET, "object-changed"),
        (412, "LeaseIdMissing", GET, "object-locked"),
        (409, "SnapshotsPresent", GET, "object-locked"),
        (409, "BlobArchived", GET, "object-archived"),
        (416, "InvalidRange", GET, "range-outside"),
        (403, "AuthorizationPermissionMismatch", GET, "bucket-forbidden"),
        (403, "AccountIsDisabled", GET, "azure-account-disabled"),
        (403, "KeyBasedAuthenticationNotPermitted", GET, "azure-login-refused"),
        (403, "AuthenticationFailed", GET, "azure-login-refused"),
        (400, "NobodyKnowsThis", GET, "azure-failed"),
    ],
)
def test_codes(status: int, code: str, request_: Request, reference: str) -> None:
    found = verdict(status, code, request=request_)
    assert found.reference == reference
    assert found.hint
    assert "{" not in f"{found.message}{found.hint}"


def test_what_is_private_is_not_found_without_a_login() -> None:
    for status, code in ((404, "ResourceNotFound"), (409, "PublicAccessNotPermitted"), (401, ""), (403, "")):
        found = verdict(status, code, ANONYMOUS)
        assert (found.reference, found.code) == ("not-public", ExitCode.AUTH)
        assert "AZURE_STORAGE_ACCOUNT=samples" in found.hint
    assert verdict(404, "BlobNotFound", ANONYMOUS).reference == "object-not-found"


def test_a_sas_token_that_is_over_says_so() -> None:
    found = verdict(403, "AuthenticationFailed", SAS)
    assert "ended at 2026-11-30T04:00:00Z" in found.message
    assert "ended" not in verdict(403, "AuthenticationFailed", LONG).message


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_CONNECTION_STRING"),
        ("/home/me/.azure/config", "AZURE_STORAGE_CONNECTION_STRING"),  # it counts before the file
        ("", ""),
    ],
)
def test_hints_name_the_place_that_counts(where: str, name: str) -> None:
    for login, variable in ((KEY, "AZURE_STORAGE_KEY"), (SAS, "AZURE_STORAGE_SAS_TOKEN")):
        used = replace(login, where=where or login.where)
        assert f" export {name or variable}=" in verdict(403, "AuthenticationFailed", used).hint


def test_a_link_is_asked_for_again() -> None:
    assert "new link" in verdict(403, "AuthenticationFailed", replace(SAS, where=LINK)).hint


def test_a_wrong_clock_is_told() -> None:
    found = verdict(403, "AuthenticationFailed", date="Mon, 30 Nov 2026 05:30:00 GMT")
    assert (found.reference, found.message) == (
        "clock-skew",
        "this computer's clock is 3600 seconds behind the server's",
    )


def test_a_token_is_renewed_once() -> None:
    found = failure(said(401, "InvalidAuthenticationInfo"), Sent(TOKEN, GET, NOW))
    assert isinstance(found, Reauthorise)
    assert "az login" in found.error.hint


def test_other_bytes_are_sent_again() -> None:
    assert isinstance(failure(said(400, "Md5Mismatch"), Sent(KEY, GET, NOW)), Retry)
    found = failure(said(400, "Md5Mismatch", attempts=3), Sent(KEY, GET, NOW))
    assert isinstance(found, JsobjError)
    assert found.reference == "digest-differs"


def test_no_signature_is_repeated() -> None:
    detail = f"The MAC signature {SIGNATURE} is not the same. Server used 'GET {SIGNATURE}'"
    text = "Server failed to authenticate the request.\nRequestId:id-1\nTime:now"
    body = (
        "\ufeff<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code>"
        f"<Message>{text}</Message><AuthenticationErrorDetail>{detail}</AuthenticationErrorDetail></Error>"
    ).encode()
    for login in (KEY, SAS, LONG, TOKEN):
        found = failure(said(403, "", body=body), Sent(login, GET, NOW))
        found = found.error if isinstance(found, Reauthorise) else found
        assert isinstance(found, JsobjError)
        assert SIGNATURE not in str(found)
        assert found.context == "HTTP 403 AuthenticationFailed Server failed to authenticate the request. id-1"


def test_what_is_no_azure() -> None:
    page = Reply(404, "Not Found", {"content-type": "text/html"}, b"<html>log in")
    found = failure(page, Sent(KEY, GET, NOW))
    assert isinstance(found, JsobjError)
    assert found.reference == "not-object-store"
