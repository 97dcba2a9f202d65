"""``jsobj ec2-creds``: one key, never the wrong project's, and a profile that other people's tools can use."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

import boto3
import pexpect
import pytest
import s3fs
from botocore.exceptions import ClientError
from commands import Jsobj, Keys
from fixtures_cloud import Cloud


@pytest.fixture(autouse=True)
def _shell_of_the_user(jsobj: Jsobj, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """boto3 and s3fs of this process look into the user's HOME too."""
    monkeypatch.setenv("HOME", str(jsobj.home))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    yield
    s3fs.S3FileSystem.clear_instance_cache()


def log_in_app(jsobj: Jsobj, cloud: Cloud, kind: str) -> None:
    jsobj("login", cloud.rc(f"app-cred-{kind}"), "--as", "app")


# The good way.


def test_twice_is_one_key(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    first = member("ec2-creds", "--json").json
    second = member("ec2-creds", "--json").json
    assert (first["schema"], first["how"], second["how"]) == ("jsobj.ec2-creds/1", "made", "kept")
    assert {first["access"]} == {second["access"]} == keys.new
    assert keys.all()[first["access"]] == cloud.status.projects["demo"]
    assert (first["endpoint_url"], first["region"], first["server"]) == (cloud.s3_endpoint, cloud.region, "swift")
    assert first["proven"] is True
    assert stat.S_IMODE(member.credentials.stat().st_mode) == 0o600
    assert stat.S_IMODE(member.config.stat().st_mode) == 0o600
    assert member.profile("demo")["aws_access_key_id"] == first["access"]


def test_other_tools_work_with_the_profile_name_alone(member: Jsobj, keys: Keys, name: str) -> None:
    """The witnesses: aws, boto3 and s3fs, with no endpoint, no region and no key typed."""
    member("ec2-creds")
    member.tool("aws", "s3", "mb", f"s3://{name}", "--profile", "demo")
    client = boto3.Session(profile_name="demo").client("s3")
    client.put_object(Bucket=name, Key="a/b.txt", Body=b"by boto3")
    assert client.get_object(Bucket=name, Key="a/b.txt")["Body"].read() == b"by boto3"
    files = s3fs.S3FileSystem(profile="demo", skip_instance_cache=True)
    assert files.cat(f"{name}/a/b.txt") == b"by boto3"
    files.pipe(f"{name}/c.txt", b"by s3fs")
    listed = member.tool("aws", "s3", "ls", f"s3://{name}/", "--profile", "demo").out
    assert "c.txt" in listed
    member.tool("aws", "s3", "rb", f"s3://{name}", "--force", "--profile", "demo")
    assert name not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]


def test_region_is_the_servers_and_not_the_sdks(keyed: Jsobj, cloud: Cloud) -> None:
    """The sandbox signs for RegionOne; a client that uses the SDKs' own region is refused."""
    text = keyed.config.read_text()
    assert f"region = {cloud.region}" in text
    assert cloud.region != "us-east-1"
    keyed.config.write_text(text.replace(cloud.region, "us-east-1"))
    client = boto3.Session(profile_name="demo").client("s3")
    with pytest.raises(ClientError):
        client.head_bucket(Bucket="any-bucket")


def test_profile_of_another_name(member: Jsobj, keys: Keys) -> None:
    member("ec2-creds", "--profile", "other-name")
    assert member.profile("other-name")["aws_access_key_id"] in keys.new
    assert member.profile("demo") == {}
    assert member("whoami", "--json").json["profile"]["name"] == "other-name"


def test_second_profile_reuses_the_key(member: Jsobj, keys: Keys) -> None:
    member("ec2-creds")
    again = member("ec2-creds", "--profile", "second", "--json").json
    assert again["how"] == "reused"
    assert {again["access"]} == keys.new


def test_new_makes_another(member: Jsobj, keys: Keys) -> None:
    first = member("ec2-creds", "--json").json["access"]
    second = member("ec2-creds", "--new", "--overwrite", "--json").json
    assert second["how"] == "made"
    assert keys.new == {first, second["access"]}
    assert member.profile("demo")["aws_access_key_id"] == second["access"]


def test_no_write_leaves_the_files_alone(member: Jsobj, keys: Keys) -> None:
    done = member("ec2-creds", "--no-write")
    assert not member.credentials.exists()
    assert len(keys.new) == 1
    access = next(iter(keys.new))
    assert f"jsobj ec2-creds show {access} --show-secret" in done.err
    shown = member("ec2-creds", "show", access, "--show-secret", "--json", shows_secrets=True).json
    assert len(shown["secret"]) == 32


def test_other_profiles_and_comments_are_kept(member: Jsobj, keys: Keys) -> None:
    member.credentials.parent.mkdir(mode=0o700)
    theirs = "# mine\r\n[work]\naws_access_key_id=AKIAEXAMPLE\naws_secret_access_key = canary-work-secret\n\n; end"
    member.credentials.write_bytes(theirs.encode())
    member.credentials.chmod(0o600)
    member("ec2-creds")
    assert member.credentials.read_bytes().startswith(theirs.encode())
    assert member.profile("work")["aws_access_key_id"] == "AKIAEXAMPLE"


def test_b110_mode_is_tightened_with_a_notice(member: Jsobj, keys: Keys) -> None:
    member.credentials.parent.mkdir(mode=0o700)
    member.credentials.write_text("[work]\naws_access_key_id = AKIAEXAMPLE\n")
    member.credentials.chmod(0o644)
    done = member("ec2-creds")
    assert stat.S_IMODE(member.credentials.stat().st_mode) == 0o600
    assert str(member.credentials) in done.err


# [default].


def test_set_default(member: Jsobj, keys: Keys) -> None:
    done = member("ec2-creds", "--set-default", "--json").json
    assert done["profiles"] == ["demo", "default"]
    assert member.tool("aws", "s3", "ls").code == 0
    assert member("ec2-creds", "--set-default", "--json").json["how"] == "kept"


def test_b115_default_with_another_key_is_not_taken(member: Jsobj, keys: Keys) -> None:
    member.credentials.parent.mkdir(mode=0o700)
    theirs = "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = canary-default-secret\n"
    member.credentials.write_text(theirs)
    member.credentials.chmod(0o600)
    error = member("ec2-creds", "--set-default", "--json", code=6).error
    assert error["reference"] == "default-profile-taken"
    assert keys.new == set()
    assert member.credentials.read_text() == theirs
    done = member("ec2-creds", "--set-default", "--overwrite")
    backups = list(member.credentials.parent.glob("credentials.jsobj-backup*"))
    assert all(path.read_text().startswith(theirs) for path in backups)
    assert backups
    assert "The file as it was is in" in done.err
    assert member.profile("default")["aws_access_key_id"] in keys.new


# Whose key.


def test_wrong_project_never(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    """The profile holds a key of otto's project: it is not taken, not replaced, and no key is made."""
    member("login", cloud.rc("openrc-other"), "--password-stdin", "--as", "otto", stdin=cloud.rc("password-other"))
    ottos = Keys(cloud, "otto")
    member("ec2-creds", "--cloud", "otto", "--profile", "shared")
    try:
        before = member.snapshot()
        error = member("ec2-creds", "--cloud", "demo", "--profile", "shared", "--json", code=6).error
        assert error["reference"] == "profile-holds-another-key"
        assert "project other" in error["message"]
        assert "--profile" in error["hint"]
        assert member.snapshot() == before
        assert keys.new == set()
        done = member("ec2-creds", "--cloud", "demo", "--profile", "shared", "--overwrite", "--json").json
        assert {done["access"]} == keys.new
        assert list(member.credentials.parent.glob("credentials.jsobj-backup*"))
    finally:
        for access in ottos.new:
            ottos.delete(access)


def test_profile_for_another_endpoint_is_refused_before_a_key_is_made(member: Jsobj, keys: Keys) -> None:
    member.config.parent.mkdir(mode=0o700)
    member.config.write_text("[profile demo]\nendpoint_url = https://s3.example.org\n")
    error = member("ec2-creds", "--json", code=6).error
    assert error["reference"] == "profile-holds-another-key"
    assert keys.new == set()


def test_profile_that_takes_a_role_is_refused_before_a_key_is_made(member: Jsobj, keys: Keys) -> None:
    member.config.parent.mkdir(mode=0o700)
    member.config.write_text("[profile demo]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = other\n")
    error = member("ec2-creds", "--json", code=6).error
    assert error["reference"] == "profile-holds-another-key"
    assert keys.new == set()


@pytest.mark.parametrize("kind", ["restricted", "unrestricted"])
def test_application_credential_on_this_keystone(jsobj: Jsobj, cloud: Cloud, keys: Keys, name: str, kind: str) -> None:
    """Keystone 30: no application credential may; the exit is 6, and the hint's words work."""
    log_in_app(jsobj, cloud, kind)
    error = jsobj("ec2-creds", "--json", code=6).error
    assert error["reference"] == "ec2-needs-full-login"
    assert "--password-stdin" in error["hint"]
    assert "swift://" in error["hint"]
    assert not jsobj.credentials.exists()
    jsobj("bucket", "create", f"swift://{name}")
    assert name in jsobj("bucket", "list").out
    done = jsobj("ec2-creds", "--password-stdin", "--json", stdin=cloud.rc("password")).json
    assert {done["access"]} == keys.new
    assert keys.all()[done["access"]] == cloud.status.projects["demo"]
    assert jsobj.tool("aws", "s3", "ls", "--profile", "app").code == 0
    # The same command again, without the password: Keystone shows nothing, and what works is kept.
    assert jsobj("ec2-creds", "--json").json["access"] == done["access"]


def test_full_login_with_a_wrong_password(jsobj: Jsobj, cloud: Cloud, keys: Keys) -> None:
    log_in_app(jsobj, cloud, "restricted")
    error = jsobj("ec2-creds", "--password-stdin", "--json", stdin="wrong", code=4).error
    assert error["reference"] == "auth-refused"
    assert keys.new == set()


def test_full_login_of_somebody_of_another_project(jsobj: Jsobj, cloud: Cloud, keys: Keys) -> None:
    """otto is not in project demo: his login fails, rather than make a key of his own project."""
    log_in_app(jsobj, cloud, "restricted")
    ottos = Keys(cloud, "otto")
    jsobj("ec2-creds", "--login-as", "otto", "--password-stdin", stdin=cloud.rc("password-other"), code=4)
    assert (keys.new, ottos.new) == (set(), set())
    assert not jsobj.credentials.exists()


def test_login_as_asks_for_the_password_of_user_project_and_cloud(jsobj: Jsobj, cloud: Cloud, keys: Keys) -> None:
    jsobj("login", cloud.rc("app-cred-restricted"), "--as", "app")
    with jsobj.terminal("ec2-creds", "list", "--login-as", "alice") as child:
        child.expect("OpenStack password of alice in project demo of cloud app at 127.0.0.1:[0-9]+: ")
        child.sendline(cloud.password("alice"))
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0
    assert not keys.new


def test_login_as_without_a_terminal_names_the_option(jsobj: Jsobj, cloud: Cloud) -> None:
    log_in_app(jsobj, cloud, "restricted")
    assert "--password-stdin" in jsobj("ec2-creds", "--login-as", "alice", "--json", code=2).error["hint"]


def test_reader_is_told_what_is_missing(jsobj: Jsobj, cloud: Cloud) -> None:
    jsobj("login", cloud.rc("openrc-reader"), "--password-stdin", stdin=cloud.rc("password-reader"))
    error = jsobj("ec2-creds", "--json", code=6).error
    assert error["reference"] == "ec2-role"
    assert "(reader)" in error["message"]
    assert "member" in error["hint"]
    assert not jsobj.credentials.exists()


def test_not_logged_in(jsobj: Jsobj) -> None:
    error = jsobj("ec2-creds", "--json", code=4).error
    assert error["reference"] == "not-logged-in"
    assert "jsobj login" in error["hint"]


# What is shown.


def test_list_and_show_hide_secrets(keyed: Jsobj, keys: Keys) -> None:
    access = keyed.profile("demo")["aws_access_key_id"]
    secret = keyed.profile("demo")["aws_secret_access_key"]
    listed = keyed("ec2-creds", "list", "--json").json
    mine = next(item for item in listed["items"] if item["access"] == access)
    assert mine["profiles"] == ["demo"]
    assert mine["this_project"] is True
    assert mine["made"]
    assert "secret" not in mine
    assert access in keyed("ec2-creds", "list").out
    assert "hidden" in keyed("ec2-creds", "show").out
    assert secret in keyed("ec2-creds", "list", "--show-secret", shows_secrets=True).out
    assert secret in keyed("ec2-creds", "show", "--show-secret", shows_secrets=True).out


def test_key_made_elsewhere_is_listed_and_not_taken(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    foreign, _ = cloud.mint_ec2_key("alice")
    done = member("ec2-creds", "--json").json
    assert done["how"] == "made"
    assert done["access"] != foreign
    listed = {item["access"]: item["made"] for item in member("ec2-creds", "list", "--json").json["items"]}
    assert listed[foreign] is None
    assert listed[done["access"]]


def test_show_of_an_unknown_key(keyed: Jsobj) -> None:
    assert keyed("ec2-creds", "show", "0" * 32, "--json", code=5).error["reference"] == "key-not-found"


def test_show_without_a_profile(member: Jsobj) -> None:
    assert member("ec2-creds", "show", "--json", code=5).error["reference"] == "profile-without-key"
