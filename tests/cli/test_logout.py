"""``jsobj logout``: what it takes away, and what it leaves."""

from __future__ import annotations

import pytest
import yaml
from commands import Jsobj, Keys
from fixtures_cloud import Cloud


def test_logout_forgets_the_login_and_keeps_the_profile(keyed: Jsobj) -> None:
    before = keyed.credentials.read_bytes()
    done = keyed("logout", "--json").json
    assert (done["schema"], done["cloud"], done["deleted_keys"]) == ("jsobj.logout/1", "demo", [])
    assert set(done["files"]) == {str(keyed.clouds), str(keyed.secure)}
    assert "demo" not in (yaml.safe_load(keyed.clouds.read_text()) or {}).get("clouds", {})
    assert "password" not in keyed.secure.read_text()
    assert keyed.credentials.read_bytes() == before
    assert keyed.ledger["clouds"] == []
    assert keyed.ledger["default_cloud"] == ""
    keyed("whoami", code=4)
    assert keyed.tool("aws", "s3", "ls", "--profile", "demo").code == 0


def test_logout_of_one_of_two(member: Jsobj, cloud: Cloud) -> None:
    member("login", cloud.rc("app-cred-restricted"), "--as", "two")
    member("logout", "--cloud", "two")
    assert member("whoami", "--json").json["cloud"] == "demo"
    assert set(yaml.safe_load(member.secure.read_text())["clouds"]) == {"demo"}


def test_delete_keys(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    """Those that jsobj made for this project go, at Keystone and here; others stay."""
    foreign, _ = cloud.mint_ec2_key("alice")
    access = member("ec2-creds", "--json").json["access"]
    done = member("logout", "--delete-keys", "--yes", "--json").json
    assert done["deleted_keys"] == [access]
    assert keys.new == {foreign}
    assert member.profile("demo") == {}
    assert access not in member.config.read_text()
    assert keys.gone == set()


def test_delete_keys_needs_a_yes(member: Jsobj, keys: Keys) -> None:
    member("ec2-creds")
    before = member.snapshot()
    error = member("logout", "--delete-keys", "--json", code=2).error
    assert "--yes" in error["hint"]
    assert member.snapshot() == before
    assert len(keys.new) == 1


def test_delete_keys_with_a_login_that_may_not(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    """Keystone refuses an application credential: nothing is forgotten that would still be needed."""
    member("login", cloud.rc("app-cred-restricted"), "--as", "app")
    access = member("ec2-creds", "--cloud", "app", "--password-stdin", "--json", stdin=cloud.rc("password")).json[
        "access"
    ]
    error = member("logout", "--cloud", "app", "--delete-keys", "--yes", "--json", code=6).error
    assert error["reference"] == "ec2-needs-full-login"
    assert member("whoami", "--cloud", "app", "--json").json["cloud"] == "app"
    assert member.profile("app")["aws_access_key_id"] == access


def test_logout_without_a_login(jsobj: Jsobj) -> None:
    assert jsobj("logout", "--json", code=4).error["reference"] == "not-logged-in"


def test_logout_of_a_cloud_that_is_not_there(member: Jsobj) -> None:
    assert member("logout", "--cloud", "nowhere", "--json", code=5).error["reference"] == "cloud-not-found"


@pytest.mark.parametrize("name", ["clouds", "secure"])
def test_logout_with_one_file_damaged_leaves_both(member: Jsobj, name: str) -> None:
    path = getattr(member, name)
    path.write_bytes(b"clouds:\n\tx: 1\n")
    before = member.snapshot()
    member("logout", "--cloud", "demo", code=9)
    assert member.snapshot() == before
