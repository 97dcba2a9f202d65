"""The proof that a sandbox works: a real signed S3 request and a real Swift request with a token."""

from __future__ import annotations

from collections.abc import Mapping

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.connection.response_head import WireError
from jsobj.net.sigv4 import signed_headers
from jsobj.sandbox.record import SandboxRecord
from jsobj.sandbox.services.keystone_api import KeystoneApi, single_request
from jsobj.secret import Secret
from jsobj.urls import require_origin


def prove(record: SandboxRecord) -> None:
    """List alice's account over Swift, and her buckets over S3.

    The EC2 key is minted for this with a token of alice's password and deleted again, so that nobody finds a key that
    he did not make. Raises ``sandbox-not-working`` with the server's words.
    """
    alice = KeystoneApi(record.auth_url).log_in("alice", record.password("alice"), "demo")
    assert alice.token
    account = record.swift_url("demo")
    _expect_list("Swift", account, {"X-Auth-Token": alice.token.reveal()})
    path = f"/users/{record.users['alice']}/credentials/OS-EC2"
    pair = alice.call("POST", path, {"tenant_id": record.projects["demo"]})["credential"]
    try:
        access, secret, netloc = pair["access"], Secret(pair["secret"]), require_origin(record.s3_endpoint).netloc
        signed = signed_headers("GET", netloc, "/", access=access, secret=secret, region=record.location)
        _expect_list("S3", f"{record.s3_endpoint}/", signed)
    finally:
        alice.call("DELETE", f"{path}/{pair['access']}")


def _expect_list(service: str, url: str, headers: Mapping[str, str]) -> None:
    try:
        reply = single_request("GET", url, headers)
    except WireError as error:
        raise _trouble(f"the sandbox did not answer GET {url}", error.reason) from error
    if reply.status not in (200, 204):  # Swift says 204 when an account is empty and the client accepts plain text
        raise _trouble(f"{service} of the sandbox answered {reply.status} to GET {url}", reply.text[:300])


def _trouble(message: str, context: str) -> JsobjError:
    return JsobjError(
        "sandbox-not-working",
        message,
        context=context,
        hint="Look at logs/swift-proxy.log in the sandbox's folder, or begin anew: jsobj sandbox reset",
        code=ExitCode.NETWORK,
    )
