"""The proof that a sandbox works: a real signed S3 request and a real Swift request with a token."""

from __future__ import annotations

from jsobj.net.sigv4 import signed_headers
from jsobj.sandbox.record import SandboxRecord
from jsobj.sandbox.services.keystone_api import KeystoneApi, ask
from jsobj.secret import Secret
from jsobj.urls import require_origin


def prove(record: SandboxRecord) -> None:
    """List alice's account over Swift, and her buckets over S3.

    The EC2 key is minted for this with a token of alice's password and deleted again, so that no user finds a key that
    they did not make. Raises ``sandbox-not-working`` with the server's text.
    """
    alice = KeystoneApi(record.auth_url).log_in("alice", record.password("alice"), "demo")
    assert alice.token
    ask("Swift", "GET", record.swift_url("demo"), {"X-Auth-Token": alice.token.reveal()})
    path = f"/users/{record.users['alice']}/credentials/OS-EC2"
    pair = alice.call("POST", path, {"tenant_id": record.projects["demo"]})["credential"]
    try:
        access, secret, netloc = pair["access"], Secret(pair["secret"]), require_origin(record.s3_endpoint).netloc
        signed = signed_headers("GET", netloc, "/", access=access, secret=secret, region=record.location)
        ask("S3", "GET", f"{record.s3_endpoint}/", signed)
    finally:
        alice.call("DELETE", f"{path}/{pair['access']}")
