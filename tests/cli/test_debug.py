"""``--debug`` shows what is done, and no secret."""

from __future__ import annotations

import pytest
import swiftclient
from commands import Jsobj
from fixtures_cloud import Cloud


def test_requests_are_shown(member: Jsobj) -> None:
    said = member.process("whoami", "--debug").expect(0)
    assert "POST http://127.0.0.1" in said.err
    assert "/auth/tokens 201" in said.err


@pytest.mark.parametrize("dialect", ["s3", "swift"])
def test_requests_for_data_are_shown_in_both_dialects(keyed: Jsobj, name: str, dialect: str) -> None:
    keyed("bucket", "create", name)
    (keyed.folder / "a.txt").write_text("x")
    place = f"{dialect}://{name}"
    for words, method in (
        (("upload", "a.txt", f"{place}/"), "PUT"),
        (("ls", place), "GET"),
        (("stat", f"{place}/a.txt"), "HEAD"),
        (("cat", f"{place}/a.txt"), "GET"),
        (("rm", f"{place}/a.txt"), "DELETE"),
    ):
        said = keyed.process(*words, "--debug").expect(0).err
        lines = [line for line in said.splitlines() if line.startswith(f"debug: jsobj.http: {method} http")]
        assert [line for line in lines if f"/{name}" in line and line.split()[-1].startswith("20")], said


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
