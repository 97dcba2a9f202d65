"""``jsobj ec2-creds rotate``, ``delete``, ``prune``: no gap, no orphan, nobody else's key."""

from __future__ import annotations

import datetime as dt
import json
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from commands import Jsobj, Keys
from fixtures_cloud import Cloud

CACHE_SECONDS = 20.0  # more than the sandbox's Swift believes in a key that it has seen


def works(cloud: Cloud, pair: dict[str, str]) -> bool:
    client = boto3.client(
        "s3",
        endpoint_url=cloud.s3_endpoint,
        region_name=cloud.region,
        aws_access_key_id=pair["aws_access_key_id"],
        aws_secret_access_key=pair["aws_secret_access_key"],
        config=Config(retries={"max_attempts": 1}),
    )
    try:
        client.list_buckets()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] != 403
    return True


def refused_within_cache_time(cloud: Cloud, pair: dict[str, str]) -> bool:
    end = time.monotonic() + CACHE_SECONDS
    while works(cloud, pair):
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def test_s14_rotate_switches_every_profile_and_ends_the_old_key(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    member("ec2-creds")
    member("ec2-creds", "--profile", "second")
    with member.credentials.open("a") as credentials:
        credentials.write("\n[theirs]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = canary-theirs\n")
    old = member.profile("demo")
    done = member("ec2-creds", "rotate", "--profile", "demo")
    new = member.profile("demo")
    assert keys.new == {new["aws_access_key_id"]}
    assert new["aws_access_key_id"] != old["aws_access_key_id"]
    assert member.profile("second") == new
    assert member.profile("theirs")["aws_access_key_id"] == "AKIAEXAMPLE"
    assert "Switched: demo, second." in done.err
    assert works(cloud, new)
    assert refused_within_cache_time(cloud, old)
    assert member.tool("aws", "s3", "ls", "--profile", "second").code == 0


def test_rotation_leaves_no_old_secret_behind(member: Jsobj, keys: Keys) -> None:
    """A backup of a file with a key that is dead is litter; one of a key that still works is a risk."""
    member("ec2-creds")
    old = member.profile("demo")["aws_secret_access_key"]
    member("ec2-creds", "rotate")
    left = [path.name for path in member.credentials.parent.iterdir() if old in path.read_text()]
    assert all(name.startswith("credentials.jsobj-backup") for name in left)


def test_rotate_with_overlap_then_prune(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    member("ec2-creds")
    old = member.profile("demo")
    done = member("ec2-creds", "rotate", "--overlap", "7d")
    assert "stays valid" in done.err
    assert "jsobj ec2-creds prune" in done.err
    assert len(keys.new) == 2
    assert works(cloud, old)
    assert member("ec2-creds", "prune", "--yes", "--json").json["items"] == []
    # Seven days later: the note of the end is moved, the clock is not.
    ledger = member.home / ".local/state/jsobj/ledger.json"
    book = json.loads(ledger.read_text())
    past = (dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=1)).isoformat()
    for record in book["keys"]:
        record["retire_after"] = past if record["retire_after"] else ""
    ledger.write_text(json.dumps(book))
    planned = member("ec2-creds", "prune", "--dry-run", "--json").json["items"]
    assert [item["access"] for item in planned] == [old["aws_access_key_id"]]
    assert len(keys.new) == 2
    member("ec2-creds", "prune", "--yes")
    assert keys.new == {member.profile("demo")["aws_access_key_id"]}
    assert refused_within_cache_time(cloud, old)


def test_retired_key_is_not_taken_up_again(member: Jsobj, keys: Keys) -> None:
    member("ec2-creds")
    old = member.profile("demo")["aws_access_key_id"]
    member("ec2-creds", "rotate", "--overlap", "7d")
    assert member("ec2-creds", "--profile", "third", "--json").json["access"] != old


def test_rotate_without_a_key(member: Jsobj) -> None:
    assert member("ec2-creds", "rotate", "--json", code=5).error["reference"] == "no-key-to-rotate"


def test_rotate_with_a_key_of_somebody_else(member: Jsobj, keys: Keys) -> None:
    member.credentials.parent.mkdir(mode=0o700)
    text = "[demo]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = canary-elsewhere\n"
    member.credentials.write_text(text)
    member.credentials.chmod(0o600)
    error = member("ec2-creds", "rotate", "--json", code=5).error
    assert error["reference"] == "key-not-of-project"
    assert keys.new == set()
    assert member.credentials.read_text() == text


def test_rotate_with_an_application_credential(jsobj: Jsobj, cloud: Cloud, keys: Keys) -> None:
    """The hint's own command: a full login for this one command."""
    jsobj("login", cloud.rc("app-cred-restricted"), "--as", "app")
    first = jsobj("ec2-creds", "--password-stdin", "--json", stdin=cloud.rc("password")).json["access"]
    error = jsobj("ec2-creds", "rotate", "--json", code=6).error
    assert error["reference"] == "ec2-needs-full-login"
    assert keys.new == {first}
    jsobj("ec2-creds", "rotate", "--password-stdin", stdin=cloud.rc("password"))
    assert keys.new == {jsobj.profile("app")["aws_access_key_id"]}
    assert first not in keys.new


def test_delete(member: Jsobj, keys: Keys) -> None:
    access = member("ec2-creds", "--json").json["access"]
    error = member("ec2-creds", "delete", access, "--json", code=2).error
    assert "--yes" in error["hint"]
    done = member("ec2-creds", "delete", access, "--yes", "--json").json
    assert (done["existed"], done["profiles"]) == (True, ["demo"])
    assert keys.new == set()
    assert member.profile("demo") == {}
    error = member("ec2-creds", "delete", access, "--yes", "--json", code=5).error
    assert error["reference"] == "key-not-found"


@pytest.mark.parametrize(("access", "code"), [("nope", 5), ("a b", 5), ("a/../b", 5), ("", 2)])
def test_deleting_what_is_not_there_is_no_success(member: Jsobj, access: str, code: int) -> None:
    """Whoever revokes a leaked key and mistypes it must not believe that it is gone."""
    error = member("ec2-creds", "delete", access, "--yes", "--json", code=code).error
    assert error["reference"] == {5: "key-not-found", 2: "usage"}[code]


def test_after_a_key_died_elsewhere_the_profile_gets_a_new_one(member: Jsobj, keys: Keys) -> None:
    """Somebody deleted the key in another tool: it was ours, so that it may be replaced without asking."""
    access = member("ec2-creds", "--json").json["access"]
    keys.delete(access)
    done = member("ec2-creds", "--json").json
    assert done["how"] == "made"
    assert keys.new == {done["access"]}


def test_prune_never_touches_keys_of_others(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    foreign, _ = cloud.mint_ec2_key("alice")
    orphan = member("ec2-creds", "--no-write", "--json").json["access"]
    used = member("ec2-creds", "--new", "--json").json["access"]
    assert keys.new == {foreign, orphan, used}
    plan = member("ec2-creds", "prune", "--dry-run", "--json").json["items"]
    assert [item["access"] for item in plan] == [orphan]
    assert "--yes" in member("ec2-creds", "prune", "--json", code=2).error["hint"]
    member("ec2-creds", "prune", "--yes")
    assert keys.new == {foreign, used}
    assert "nothing to prune" in member("ec2-creds", "prune").err


def test_rotate_switches_what_was_exported_to_other_tools(member: Jsobj, cloud: Cloud, keys: Keys) -> None:
    member("ec2-creds")
    files = {
        "rclone": member.home / ".config/rclone/rclone.conf",
        "s3cmd": member.home / ".s3cfg",
        "mc": member.home / ".mc/config.json",
        "s3fs-fuse": member.home / ".passwd-s3fs-demo",
    }
    member.private |= {*files.values(), *(path.with_name(f"{path.name}.jsobj-backup") for path in files.values())}
    for tool, path in files.items():
        member("export", tool, "--write")
        assert path.exists()
    files["mc"].write_text(
        files["mc"].read_text().replace(member.profile("demo")["aws_secret_access_key"], "elsewhere")
    )
    before, old = {tool: path.read_text() for tool, path in files.items()}, member.profile("demo")
    done = member("ec2-creds", "rotate")
    new = member.profile("demo")
    for tool, path in files.items():
        if tool != "mc":
            swapped = before[tool].replace(old["aws_access_key_id"], new["aws_access_key_id"])
            assert path.read_text() == swapped.replace(old["aws_secret_access_key"], new["aws_secret_access_key"])
            assert str(path) in done.err
    assert "still holds the old key; to write the new one: jsobj export mc --write --profile demo" in done.err
    check = member("doctor", "other-keys", "--json").json["checks"][-1]
    assert (check["status"], check["hint"]) == ("WARN", "write the new one: jsobj export mc --write --profile demo")
    member("export", "mc", "--write")
    assert new["aws_access_key_id"] in files["mc"].read_text()
    assert member("doctor", "other-keys", "--json").json["checks"][-1]["status"] == "PASS"


@pytest.mark.parametrize(
    ("tool", "file"), [("rclone", "r.conf"), ("mc", "m.json"), ("dotenv", "d.env"), ("duckdb", "d.sql")]
)
def test_a_key_that_was_rotated_away_is_no_other_setup(member: Jsobj, keys: Keys, tool: str, file: str) -> None:
    member("ec2-creds")
    words = ("export", tool, "--write", "--file", file)
    member.private |= {member.folder / file, member.folder / f"{file}.jsobj-backup"}
    member(*words)
    member("ec2-creds", "rotate")
    member(*words)
    assert member.profile("demo")["aws_access_key_id"] in (member.folder / file).read_text()
    held = (member.folder / file).read_text()
    (member.folder / file).write_text(held.replace(member.profile("demo")["aws_access_key_id"], "another-key"))
    member(*words, code=6)


def test_rotate_and_the_doctor_know_the_files_that_export_was_told_to_write(member: Jsobj, keys: Keys) -> None:
    member("ec2-creds")
    env, conf, gone = member.folder / "my app.env", member.folder / "r.conf", member.folder / "gone.env"
    for tool, path in (("dotenv", env), ("rclone", conf), ("dotenv", gone)):
        member("export", tool, "--write", "--file", path)
    gone.unlink()
    member.private |= {env, conf, *(path.with_name(f"{path.name}.jsobj-backup") for path in (env, conf))}
    old = member.profile("demo")
    conf.write_text(conf.read_text().replace(old["aws_secret_access_key"], "elsewhere"))
    done = member("ec2-creds", "rotate")
    new = member.profile("demo")
    text = env.read_text()
    assert new["aws_access_key_id"] in text
    assert new["aws_secret_access_key"] in text
    assert old["aws_access_key_id"] not in text
    assert str(env) in done.err
    assert str(gone) not in done.err
    again = f"jsobj export rclone --write --file {conf} --profile demo"
    assert f"still holds the old key; to write the new one: {again}" in done.err
    check = member("doctor", "other-keys", "--json").json["checks"][-1]
    assert (check["status"], check["hint"]) == ("WARN", f"write the new one: {again}")
    member("export", "rclone", "--write", "--file", conf)
    assert member("doctor", "other-keys", "--json").json["checks"][-1]["status"] == "PASS"
