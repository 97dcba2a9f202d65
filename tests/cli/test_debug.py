"""``--debug`` shows what is done, and no secret."""

from __future__ import annotations

import swiftclient
from commands import Jsobj
from fixtures_cloud import Cloud


def test_requests_are_shown(member: Jsobj) -> None:
    said = member.process("whoami", "--debug").expect(0)
    assert "POST http://127.0.0.1" in said.err
    assert "/auth/tokens 201" in said.err


def test_s01_the_accounts_temporary_url_key_is_not_shown(member: Jsobj, cloud: Cloud) -> None:
    """swiftclient's own debug log shows the beginning of it."""
    key = "SUPERSECRETTEMPURLKEY"
    swift = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"))
    swift.post_account({"X-Account-Meta-Temp-Url-Key": key})
    try:
        said = member.process("bucket", "list", "swift://", "--debug").expect(0)
    finally:
        swift.post_account({"X-Account-Meta-Temp-Url-Key": ""})
        swift.close()
    assert key[:8] not in said.err + said.out
    assert "GET" in said.err
