"""Who may make EC2 keys has changed twice in Keystone. Each login must end in a working setup or an exact instruction.

Generation 1: every application credential may. 2 (OSSA-2026-005, April 2026): only an unrestricted one, all may list
and delete. 3 (Keystone 30): none may do anything with keys, only a login of the person.
"""

from __future__ import annotations

import re
import shlex
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import boto3
import botocore.exceptions
import pytest
from commands import Jsobj, Result
from keystones import Generation, Keys

KeysOf = Callable[[str], Keys]

REFUSED = 6
# What `jsobj ec2-creds` without a password ends in; "" is a working profile.
ENDS = {
    (1, "restricted"): "",
    (1, "unrestricted"): "",
    (1, "password"): "",
    (2, "restricted"): "ec2-needs-unrestricted",
    (2, "unrestricted"): "",
    (2, "password"): "",
    (3, "restricted"): "ec2-needs-full-login",
    (3, "unrestricted"): "ec2-needs-full-login",
    (3, "password"): "",
}
# Keystone's own words, by which the two refusals are told apart.
SAID = {
    "ec2-needs-unrestricted": "not allowed for managing additional application credentials",
    "ec2-needs-full-login": "Delegated tokens cannot access credentials directly",
}

# What login and whoami say of S3 keys before any is made; no key may be made to find it out.
STATES = {wish: "refused" if reference else "allowed" for wish, reference in ENDS.items()}

# A script of the user's: it knows nothing but the profile's name.
PLAIN_BOTO3 = """
import sys, boto3
profile, bucket = sys.argv[1:]
client = boto3.Session(profile_name=profile).client("s3")
client.create_bucket(Bucket=bucket)
client.put_object(Bucket=bucket, Key="o", Body=b"words")
print(client.get_object(Bucket=bucket, Key="o")["Body"].read().decode())
client.delete_object(Bucket=bucket, Key="o")
client.delete_bucket(Bucket=bucket)
"""
READ_THEN_WRITE = """
import sys, boto3
profile, bucket = sys.argv[1:]
client = boto3.Session(profile_name=profile).client("s3")
print(bucket in [found["Name"] for found in client.list_buckets()["Buckets"]])
try:
    client.put_object(Bucket=bucket, Key="o", Body=b"words")
except client.exceptions.ClientError as error:
    print(error.response["Error"]["Code"])
"""


def only(number: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("generation", [number], indirect=True, ids="generation{}".format)


@pytest.fixture
def name() -> str:
    """A bucket that no other test has."""
    return f"t-{uuid.uuid4().hex[:12]}"


def log_in(jsobj: Jsobj, generation: Generation, login: str) -> Result:
    rc = generation.cloud.rc
    if login == "password":
        return jsobj("login", rc("openrc-password"), "--password-stdin", "--json", stdin=rc("password"))
    return jsobj("login", rc(f"app-cred-{login}"), "--json")


def commands(result: Result) -> list[str]:
    """What the hint of an error tells to type: the lines of a list, or what stands in a sentence."""
    hint: str = result.error["hint"]
    listed = [line for line in hint.split("\n") if line.startswith("jsobj ")]
    return listed or [found.strip() for found in re.findall(r"jsobj [^;(,]+", hint)]


def paste(jsobj: Jsobj, command: str, *more: str, code: int = 0, **files: Path) -> Result:
    """Run a hint's command with the files that it leaves to the user: FILE is the one with the password."""
    command, _, redirected = command.partition(" < ")
    words = [str(files.get(word.partition("-")[0], word)) for word in shlex.split(command)]
    assert words[0] == "jsobj"
    return jsobj(*words[1:], *more, code=code, stdin=files[redirected] if redirected else "")


def access_key(jsobj: Jsobj) -> str:
    return jsobj.profile("demo")["aws_access_key_id"]


def check_profile_works(jsobj: Jsobj, bucket: str) -> None:
    assert jsobj.tool(sys.executable, "-c", PLAIN_BOTO3, "demo", bucket).out == "words\n"


@pytest.mark.parametrize("login", ["restricted", "unrestricted", "password"])
def test_0_11_a_login_ends_in_a_working_profile_or_in_the_command_that_makes_one(
    generation: Generation, login: str, jsobj: Jsobj, keys_of: KeysOf, name: str
) -> None:
    alices = keys_of("alice")
    of_other_project = alices.make("other")
    shown = log_in(jsobj, generation, login).json
    assert alices.new == {of_other_project}
    state = STATES[generation.number, login]
    assert (shown["s3_keys"], jsobj("whoami", "--json").json["s3_keys"]) == (state, state)
    assert shown["application_credential"] == (
        None if login == "password" else {**shown["application_credential"], "restricted": login == "restricted"}
    )

    # The Swift API is there in any case.
    jsobj("bucket", "create", f"swift://{name}")
    assert name in [item["name"] for item in jsobj("bucket", "list", "swift://", "--json").json["items"]]
    jsobj("bucket", "delete", f"swift://{name}")

    reference = ENDS[generation.number, login]
    done = jsobj("ec2-creds", "--json", "--no-input", code=REFUSED if reference else 0)
    if reference:
        assert done.error["reference"] == reference
        assert SAID[reference] in done.error["context"]
        assert alices.new == {of_other_project}
        assert not jsobj.credentials.exists()
        assert "swift://" in done.error["hint"]
        _, with_password, *_ = commands(done)
        done = paste(jsobj, with_password, "--json", "--no-input", FILE=generation.cloud.rc("password"))

    assert (done.json["how"], done.json["proven"], done.json["project"]["name"]) == ("made", True, "demo")
    whoami = jsobj("whoami", "--json").json
    assert (whoami["s3_keys"], whoami["profile"]["name"]) == ("made", "demo")
    assert jsobj.ledger["clouds"][0]["ec2_keys"] == state  # what the password could do is not this login's
    access = access_key(jsobj)
    assert {key: alices.projects[key] for key in alices.new} == {access: "demo", of_other_project: "other"}
    check_profile_works(jsobj, name)

    # The same command again, without the password: the key stays, also where Keystone shows this login none.
    again = jsobj("ec2-creds", "--json", "--no-input").json
    assert (again["how"], again["access"], again["proven"]) == ("kept", access, True)
    assert alices.new == {access, of_other_project}


@only(2)
def test_a_restricted_login_is_replaced_by_an_unrestricted_one(
    generation: Generation, jsobj: Jsobj, keys_of: KeysOf, name: str
) -> None:
    alices = keys_of("alice")
    log_in(jsobj, generation, "restricted")
    *_, log_in_again, try_again = commands(jsobj("ec2-creds", "--json", "--no-input", code=REFUSED))
    paste(jsobj, log_in_again, NEW=generation.cloud.rc("app-cred-unrestricted"))
    assert paste(jsobj, try_again, "--json", "--no-input").json["how"] == "made"
    assert alices.new == {access_key(jsobj)}
    check_profile_works(jsobj, name)


@only(3)
def test_an_unrestricted_credential_is_no_way_out(generation: Generation, jsobj: Jsobj) -> None:
    log_in(jsobj, generation, "restricted")
    hint = jsobj("ec2-creds", "--json", "--no-input", code=REFUSED).error["hint"]
    assert "nrestricted" not in hint


@pytest.mark.parametrize("login", ["restricted", "unrestricted"])
def test_list_and_delete_with_an_application_credential(
    generation: Generation, login: str, jsobj: Jsobj, keys_of: KeysOf
) -> None:
    alices = keys_of("alice")
    mine, of_other_project = alices.make("demo"), alices.make("other")
    password = generation.cloud.rc("password")
    allowed = generation.number < 3
    log_in(jsobj, generation, login)

    listed = jsobj("ec2-creds", "list", "--json", "--no-input", code=0 if allowed else REFUSED)
    if not allowed:
        assert listed.error["reference"] == "ec2-needs-full-login"
        listed = paste(jsobj, commands(listed)[1], "--json", FILE=password)
    in_this_project = {item["access"]: item["this_project"] for item in listed.json["items"]}
    assert in_this_project.items() >= {mine: True, of_other_project: False}.items()
    assert all("secret" not in item for item in listed.json["items"])

    deleted = jsobj("ec2-creds", "delete", mine, "--yes", "--json", "--no-input", code=0 if allowed else REFUSED)
    if not allowed:
        assert deleted.error["reference"] == "ec2-needs-full-login"
        assert alices.new == {mine, of_other_project}
        deleted = paste(jsobj, commands(deleted)[1], "--json", "--no-input", FILE=password)
    assert deleted.json["existed"] is True
    assert alices.new == {of_other_project}


def test_rotation_that_is_refused_changes_nothing(
    generation: Generation, jsobj: Jsobj, keys_of: KeysOf, name: str
) -> None:
    alices = keys_of("alice")
    password = generation.cloud.rc("password")
    log_in(jsobj, generation, "restricted")
    jsobj("ec2-creds", "--password-stdin", stdin=password)
    old, files = access_key(jsobj), (jsobj.credentials.read_bytes(), jsobj.config.read_bytes())
    if reference := ENDS[generation.number, "restricted"]:
        assert jsobj("ec2-creds", "rotate", "--json", code=REFUSED).error["reference"] == reference
        assert (jsobj.credentials.read_bytes(), jsobj.config.read_bytes()) == files
        assert alices.new == {old}
        jsobj("ec2-creds", "rotate", "--password-stdin", stdin=password)
    else:
        jsobj("ec2-creds", "rotate")
    assert alices.new == {access_key(jsobj)} != {old}
    check_profile_works(jsobj, name)


def test_s13_a_profile_with_the_key_of_another_project_is_never_taken(
    generation: Generation, jsobj: Jsobj, keys_of: KeysOf
) -> None:
    alices, ottos = keys_of("alice"), keys_of("otto")
    rc = generation.cloud.rc
    jsobj("login", rc("openrc-other"), "--password-stdin", stdin=rc("password-other"))
    jsobj("ec2-creds", "--cloud", "other", "--profile", "demo")
    assert {ottos.projects[key] for key in ottos.new} == {"other"}
    before = jsobj.credentials.read_bytes()
    log_in(jsobj, generation, "restricted")
    refused = jsobj("ec2-creds", "--cloud", "demo", "--profile", "demo", "--json", code=REFUSED).error
    # Generation 3 shows no keys to compare with, so nothing is known of the profile's.
    assert refused["reference"] == ("ec2-needs-full-login" if generation.number == 3 else "profile-holds-another-key")
    assert jsobj.credentials.read_bytes() == before
    assert not alices.new


@only(3)
def test_a_dead_key_that_keystone_does_not_show_is_found_out_and_replaced(
    generation: Generation, jsobj: Jsobj, keys_of: KeysOf, name: str
) -> None:
    alices = keys_of("alice")
    log_in(jsobj, generation, "restricted")
    jsobj("ec2-creds", "--password-stdin", stdin=generation.cloud.rc("password"))
    old = access_key(jsobj)
    alices.delete(old)
    wait_until_swift_refuses(generation, jsobj.profile("demo"))

    refused = jsobj("ec2-creds", "--json", "--no-input", code=4)
    assert refused.error["reference"] == "s3-key-refused"
    refused = paste(jsobj, commands(refused)[0], "--json", "--no-input", code=REFUSED)
    assert refused.error["reference"] == "ec2-needs-full-login"
    paste(jsobj, commands(refused)[1], FILE=generation.cloud.rc("password"))
    assert alices.new == {access_key(jsobj)} != {old}
    check_profile_works(jsobj, name)


def wait_until_swift_refuses(generation: Generation, keys: dict[str, str]) -> None:
    """Swift believes in a key for some seconds after its end."""
    client = boto3.client("s3", endpoint_url=generation.cloud.s3_endpoint, region_name=generation.cloud.region, **keys)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            client.list_buckets()
        except botocore.exceptions.ClientError:
            return
        time.sleep(0.5)
    pytest.fail("Swift still honours a key that Keystone deleted a minute ago")


def test_a_reader(generation: Generation, jsobj: Jsobj, keys_of: KeysOf, name: str) -> None:
    """rita may look and not touch. Since April 2026 (generation 2) she may not even have a key: that takes 'member'."""
    ritas = keys_of("rita")
    cloud = generation.cloud
    said = jsobj("login", cloud.rc("openrc-reader"), "--password-stdin", "--json", stdin=cloud.rc("password-reader"))
    assert said.json["s3_keys"] == ("allowed" if generation.number == 1 else "refused")
    assert not ritas.new
    alice = Jsobj(jsobj.home / "alice", ())
    log_in(alice, generation, "restricted")
    alice("bucket", "create", f"swift://{name}")
    assert name in [item["name"] for item in jsobj("bucket", "list", "swift://", "--json").json["items"]]
    assert "(reader)" in jsobj("bucket", "create", f"swift://{name}-2", "--json", code=REFUSED).error["message"]

    if generation.number == 1:
        assert jsobj("ec2-creds", "--json", "--no-input").json["proven"] is True
        assert {key: ritas.projects[key] for key in ritas.new} == {access_key(jsobj): "demo"}
        assert jsobj.tool(sys.executable, "-c", READ_THEN_WRITE, "demo", name).lines == ["True", "AccessDenied"]
    else:
        refused = jsobj("ec2-creds", "--json", "--no-input", code=REFUSED)
        assert refused.error["reference"] == "ec2-role"
        assert "(reader)" in refused.error["message"]
        assert "'member'" in refused.error["message"]
        assert name in paste(jsobj, commands(refused)[0]).out
        assert not ritas.new
    alice("bucket", "delete", f"swift://{name}")
