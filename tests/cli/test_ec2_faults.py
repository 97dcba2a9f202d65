"""``jsobj ec2-creds`` when something fails on the way: at most one key, and no file half written."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import yaml
from commands import Jsobj, Keys
from fixtures_cloud import Cloud
from listening import answering, lossy_keystone

from jsobj.locks import one_at_a_time


def through(jsobj: Jsobj, cloud: Cloud, url: str) -> None:
    """Let the login ``demo`` go through a proxy before Keystone."""
    jsobj.clouds.write_text(jsobj.clouds.read_text().replace(cloud.auth_url, url))


def test_f43_lost_reply_makes_one_key(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    with lossy_keystone(cloud.auth_url) as way:
        through(member, cloud, way.url)
        way.lose_once("POST", "/credentials/OS-EC2")
        done = member("ec2-creds", "--json").json
        assert way.arrived.is_set()
    assert {done["access"]} == keys.new
    assert sum(line.startswith("POST") and line.endswith("OS-EC2") for line in way.seen) == 1
    assert member.ledger["pending"] == []


def test_f43_lost_reply_and_then_silence_recovers_at_the_next_run(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    with lossy_keystone(cloud.auth_url) as way:
        through(member, cloud, way.url)
        posted: list[bool] = []

        def lose(method: str, path: str) -> bool:
            if method == "POST" and path.endswith("OS-EC2"):
                posted.append(True)
            return bool(posted) and path.endswith("OS-EC2")

        way.lose = lose
        assert member("ec2-creds", "--json", code=7).error["reference"] == "keystone-unreachable"
        assert len(keys.new) == 1
        way.lose = lambda method, path: False
        done = member("ec2-creds", "--json").json
    assert done["how"] == "recovered"
    assert {done["access"]} == keys.new


def test_f43_keys_of_other_programs_are_neither_taken_nor_deleted(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    """Another key of the same user and project is there when the answer is lost."""
    other = keys.mint(cloud.status.projects["demo"])
    with lossy_keystone(cloud.auth_url) as way:
        through(member, cloud, way.url)
        way.lose_once("POST", "/credentials/OS-EC2")
        done = member("ec2-creds", "--json").json
        assert way.arrived.is_set()
    assert done["access"] != other
    assert keys.new == {done["access"], other}
    assert keys.gone == set()


@pytest.mark.parametrize("again", [(), ("--new",)])
def test_c11_killed_before_the_file_is_written(member: Jsobj, cloud: Cloud, keys: Keys, again: tuple[str, ...]) -> None:
    """Keystone has made the key, and the process dies before it hears of it."""
    with lossy_keystone(cloud.auth_url) as way:
        through(member, cloud, way.url)
        way.let_go.clear()
        way.lose_once("POST", "/credentials/OS-EC2")
        running = member.start("ec2-creds")
        try:
            assert way.arrived.wait(60)
            running.send_signal(signal.SIGKILL)
        finally:
            running.kill()
            running.wait()
        way.let_go.set()
        assert len(keys.new) == 1
        assert not member.credentials.exists() or member.profile("demo") == {}
        done = member("ec2-creds", *again, "--json").json
        assert done["how"] == "recovered"
        assert {done["access"]} == keys.new
        assert member("ec2-creds", "--json").json["how"] == "kept"
    assert len(keys.new) == 1


def test_c13_ctrl_c_while_keystone_makes_the_key(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    with lossy_keystone(cloud.auth_url) as way:
        through(member, cloud, way.url)
        way.let_go.clear()
        way.lose_once("POST", "/credentials/OS-EC2")
        running = member.start("ec2-creds")
        try:
            assert way.arrived.wait(60)
            running.send_signal(signal.SIGINT)
            assert running.wait(20) == 130
        finally:
            running.kill()
            running.wait()
    assert "Traceback" not in (member.home / "output").read_text()
    through_again = member.clouds.read_text().replace(way.url, cloud.auth_url)
    member.clouds.write_text(through_again)
    member("ec2-creds")
    assert len(keys.new) <= 2


@pytest.mark.parametrize(
    "bad",
    [
        b"junk before any section\n",
        b"[demo]\naws_access_key_id = a\n[demo]\naws_access_key_id = b\n",
        b"\xef\xbb\xbf[work]\naws_access_key_id = a\n",
        b"[work]\nthis is no setting\n",
        "[work]\naws_access_key_id = a\n".encode("utf-16"),
    ],
    ids=["junk", "duplicate", "bom", "no-setting", "utf-16"],
)
def test_b104_0_14_malformed_credentials_stop_everything(member: Jsobj, keys: Keys, bad: bytes) -> None:
    member.credentials.parent.mkdir(mode=0o700)
    member.credentials.write_bytes(bad)
    error = member("ec2-creds", "--json", code=9).error
    assert "credentials" in error["message"]
    assert keys.new == set()
    assert member.credentials.read_bytes() == bad


def test_b112_folder_that_cannot_be_written_is_found_out_before(member: Jsobj, keys: Keys) -> None:
    if os.geteuid() == 0:
        member.credentials.parent.mkdir(mode=0o700)
        member.credentials.mkdir()  # what stops also root: a folder in the file's place
    else:
        member.credentials.parent.mkdir(mode=0o500)
    error = member("ec2-creds", "--json", code=9).error
    assert ".aws" in error["message"]
    assert keys.new == set()
    assert member.ledger["pending"] == []


def test_b112_read_only_credentials_file(member: Jsobj, keys: Keys) -> None:
    member.credentials.parent.mkdir(mode=0o700)
    member.credentials.write_text("[work]\naws_access_key_id = AKIAEXAMPLE\n")
    member.credentials.chmod(0o400)
    error = member("ec2-creds", "--json", code=9).error
    assert str(member.credentials) in error["message"]
    assert keys.new == set()


def test_the_rehearsal_leaves_nothing_behind(keyed: Jsobj) -> None:
    before = keyed.snapshot()
    keyed("ec2-creds")
    assert keyed.snapshot() == before


def test_f50_endpoint_that_is_no_object_store(member: Jsobj, keys: Keys) -> None:
    with answering(200, {"Content-Type": "text/html"}, b"<html>hello</html>") as (url, _):
        error = member("ec2-creds", "--endpoint", url, "--json", code=7).error
    assert error["reference"] == "not-object-store"
    assert keys.new == set()
    assert not member.credentials.exists()


def test_endpoint_option_with_a_swift_url(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    error = member("ec2-creds", "--endpoint", cloud.swift_url, "--json", code=2).error
    assert error["reference"] == "endpoint-is-swift"
    assert cloud.s3_endpoint in error["hint"]
    assert keys.new == set()


def test_aws_variables_in_the_environment_do_not_disturb(member: Jsobj, keys: Keys) -> None:
    """jsobj writes and proves the profile that it was asked for, whatever the shell has exported."""
    foreign = {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "canary-env-secret",
        "AWS_SESSION_TOKEN": "canary-session",
        "AWS_PROFILE": "nonexistent",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_REGION": "eu-north-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    }
    done = member("ec2-creds", "--json", env=foreign)
    assert done.json["proven"] is True
    assert {done.json["access"]} == keys.new
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION"):
        assert f"unset {variable}" in done.err
    assert "AWS_PROFILE" not in done.err
    assert member.tool("aws", "s3", "ls", "--profile", "demo").code == 0


def test_other_files_by_variables(member: Jsobj, keys: Keys, tmp_path: Path) -> None:
    variables = {
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
    }
    member("ec2-creds", env=variables)
    assert not member.credentials.exists()
    assert member.tool("aws", "s3", "ls", "--profile", "demo", env=variables).code == 0


def test_five_at_once_for_one_project_make_one_key(member: Jsobj, keys: Keys) -> None:
    names = [f"p{number}" for number in range(5)]
    for path in (member.clouds, member.secure):
        document = yaml.safe_load(path.read_text())
        document["clouds"] |= dict.fromkeys(names, document["clouds"]["demo"])
        path.write_text(yaml.safe_dump(document))
    running = [member.start("ec2-creds", "--cloud", name) for name in names]
    codes = [process.wait(120) for process in running]
    assert codes == [0] * 5, (member.home / "output").read_text()
    assert len(keys.new) == 1
    assert {member.profile(name)["aws_access_key_id"] for name in names} == keys.new


def test_an_eternal_maker_of_keys_is_not_waited_for_eternally(
    member: Jsobj, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jsobj.ec2_keys.choose_key._WAIT", 0.1)
    with one_at_a_time(member.home / ".local/state/jsobj/ec2-keys.lock", 0) as alone:
        assert alone
        assert member("ec2-creds", "--json", code=9).error["reference"] == "keys-in-the-making"
    assert not keys.new
