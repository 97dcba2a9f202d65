"""The proof that a sandbox works: a real signed S3 request and a real Swift request with a token."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from jsobj.errors import ExitCode, JsobjError
from jsobj.sandbox.keystone_api import TIMEOUT, KeystoneApi
from jsobj.sandbox.record import SandboxRecord
from jsobj.secret import Secret


def prove(record: SandboxRecord) -> None:
    """List alice's account over Swift, and her buckets over S3.

    The EC2 key is minted for this with a token of alice's password and deleted again, so that nobody finds a key that
    he did not make. Raises ``sandbox-not-working`` with the server's words.
    """
    alice = KeystoneApi(record.auth_url).log_in("alice", record.password("alice"), "demo")
    assert alice.token
    account = record.swift_url("demo")
    _expect("Swift", account, _get(account, {"X-Auth-Token": alice.token.reveal()}))
    path = f"/users/{record.users['alice']}/credentials/OS-EC2"
    pair = alice.call("POST", path, {"tenant_id": record.projects["demo"]})["credential"]
    try:
        url = record.s3_endpoint + "/"
        _expect("S3", url, _get(url, _signature(url, pair["access"], Secret(pair["secret"]), record.location)))
    finally:
        alice.call("DELETE", f"{path}/{pair['access']}")


def _signature(url: str, access: str, secret: Secret, region: str) -> Mapping[str, str]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("GET", url, headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    SigV4Auth(Credentials(access, secret.reveal()), "s3", region).add_auth(request)
    return dict(request.headers.items())


def _get(url: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path, headers=dict(headers))
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise _trouble(f"The sandbox did not answer GET {url}.", repr(error)) from error
    finally:
        connection.close()


def _expect(service: str, url: str, answer: tuple[int, bytes]) -> None:
    status, body = answer
    if status not in (200, 204):  # Swift says 204 when an account is empty and the client wants plain text
        message = f"{service} of the sandbox answered {status} to GET {url}."
        raise _trouble(message, body[:300].decode("utf-8", "replace"))


def _trouble(message: str, context: str) -> JsobjError:
    return JsobjError(
        "sandbox-not-working",
        message,
        context=context,
        hint="Look at logs/swift-proxy.log in the sandbox's folder, or begin anew: jsobj sandbox reset",
        code=ExitCode.NETWORK,
    )
