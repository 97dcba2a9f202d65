"""Plain http to another machine: nothing is sent by any command, wherever the address comes from, without consent."""

from __future__ import annotations

import pytest
import yaml
from commands import Jsobj
from fixtures_cloud import Cloud
from listening import answering, lossy_keystone

from jsobj.urls import is_this_machine

FAR = "http://198.51.100.7:8000"
S3_COMMANDS = (
    ("ls", "s3://results"),
    ("ls",),
    ("cat", "s3://results/x"),
    ("stat", "s3://results/x"),
    ("upload", "data.txt", "s3://results/"),
    ("download", "s3://results/x", "there"),
    ("cp", "s3://results/x", "s3://results/y"),
    ("rm", "s3://results/x", "--yes"),
    ("du", "s3://results"),
    ("verify", "data.txt", "s3://results/data.txt"),
    ("uploads", "list", "s3://results"),
    ("bucket", "list"),
    ("bucket", "create", "results"),
    ("bucket", "show", "s3://results"),
)


def refused(jsobj: Jsobj, *words: str, env: dict[str, str] | None = None, code: int = 2) -> None:
    """What the tests assert: the proxy, which would see every request, sees none, and the error says what helps."""
    with answering(404, {}, b"") as (proxy, seen):
        done = jsobj(*words, "--json", code=code, env={**(env or {}), "http_proxy": proxy})
        assert seen == [], words
    assert done.error["reference"] == "endpoint-not-https", str(done)
    assert "--allow-http" in done.error["hint"]


@pytest.fixture
def far_profile(jsobj: Jsobj) -> Jsobj:
    """A profile for a server on another machine."""
    (jsobj.home / ".aws").mkdir()
    jsobj.credentials.write_text("[far]\naws_access_key_id = AKID\naws_secret_access_key = not-a-real-secret\n")
    jsobj.config.write_text(f"[profile far]\nregion = us-east-1\nendpoint_url = {FAR}\n")
    (jsobj.folder / "data.txt").write_text("data")
    return jsobj


@pytest.mark.parametrize("words", S3_COMMANDS, ids=" ".join)
def test_no_command_speaks_to_the_endpoint_of_a_profile(far_profile: Jsobj, words: tuple[str, ...]) -> None:
    refused(far_profile, *words, env={"AWS_PROFILE": "far"})


def test_nor_to_that_of_an_option_or_of_the_environment(keyed: Jsobj) -> None:
    refused(keyed, "ls", "s3://results", "--endpoint", FAR)
    refused(keyed, "ls", "s3://results", "--no-sign-request", "--endpoint", FAR)
    refused(keyed, "ls", "swift://results", "--no-sign-request", "--endpoint", f"{FAR}/v1/AUTH_abc")
    refused(keyed, "ls", "s3://results", env={"AWS_ENDPOINT_URL_S3": FAR})
    keys = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "not-a-real-secret"}
    refused(keyed, "ls", "s3://results", env={**keys, "AWS_ENDPOINT_URL": FAR})


def test_nor_to_a_keystone_of_clouds_yaml_or_of_variables(member: Jsobj) -> None:
    clouds = yaml.safe_load(member.clouds.read_text())
    clouds["clouds"]["demo"]["auth"]["auth_url"] = f"{FAR}/v3"
    member.clouds.write_text(yaml.safe_dump(clouds))
    for words in (("whoami",), ("ls", "swift://results"), ("app-cred", "list"), ("ec2-creds",), ("endpoint",)):
        refused(member, *words)
    variables = {"OS_AUTH_URL": f"{FAR}/v3", "OS_USERNAME": "u", "OS_PASSWORD": "not-a-real-word", "OS_PROJECT_ID": "p"}
    refused(member, "ls", "swift://results", env=variables)


def test_nor_to_an_object_store_of_the_catalogue(member: Jsobj, cloud: Cloud) -> None:
    """Keystone's own answer, with another object store in its catalogue."""
    with lossy_keystone(cloud.auth_url) as keystone:
        keystone.replaced = (cloud.swift_url.partition("/v1/")[0].encode(), FAR.encode())
        clouds = yaml.safe_load(member.clouds.read_text())
        clouds["clouds"]["demo"]["auth"]["auth_url"] = keystone.url
        member.clouds.write_text(yaml.safe_dump(clouds))
        for words in (("ls", "swift://results"), ("ls",), ("bucket", "list"), ("ec2-creds",)):
            refused(member, *words)


def test_consent_is_an_option_of_every_command_or_a_variable(far_profile: Jsobj) -> None:
    for more, env in ((("--allow-http",), {}), ((), {"JSOBJ_ALLOW_HTTP": "1"})):
        with answering(403, {"x-amz-request-id": "tx1"}, b"<Error><Code>AccessDenied</Code></Error>") as (proxy, seen):
            env |= {"AWS_PROFILE": "far", "http_proxy": proxy}
            done = far_profile("ls", "s3://results", *more, "--json", code=6, env=env)
            assert done.error["reference"] == "bucket-forbidden"
            assert FAR in seen[0]
    refused(far_profile, "ls", "s3://results", env={"AWS_PROFILE": "far", "JSOBJ_ALLOW_HTTP": "0"})


def test_the_doctor_says_so_and_sends_nothing(far_profile: Jsobj) -> None:
    with answering(200, {}, b"") as (proxy, seen):
        env = {"AWS_PROFILE": "far", "http_proxy": proxy}
        done = far_profile("doctor", "s3-tls", "s3-signature", "--json", code=10, env=env)
        assert seen == []
    found = {check["id"]: check for check in done.json["checks"]}
    assert found["s3-tls"]["status"] == "FAIL"
    assert "--allow-http" in found["s3-tls"]["hint"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.0"])
def test_what_is_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["198.51.100.7", "2001:db8::1", "example.org", "localhost.example.org"])
def test_what_is_another(host: str) -> None:
    assert not is_this_machine(host)


def test_an_own_address_of_this_machine_needs_no_consent() -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as towards:
        try:
            towards.connect(("198.51.100.7", 9))  # sends nothing; it finds the address that would be used
        except OSError:
            pytest.skip("no network but loopback")
        assert is_this_machine(towards.getsockname()[0])


@pytest.mark.parametrize("url", ["s3://results", "swift://results"])
def test_an_empty_404_of_something_else_is_not_a_missing_bucket(keyed: Jsobj, url: str) -> None:
    with answering(404, {}, b"") as (server, _):
        account = "" if url.startswith("s3") else "/v1/AUTH_abc"
        done = keyed("ls", url, "--no-sign-request", "--endpoint", server + account, "--json", code=7)
        assert done.error["reference"] == "not-object-store"


def test_nor_is_it_for_a_bucket_that_is_shown(keyed: Jsobj) -> None:
    with answering(404, {}, b"") as (server, _):
        done = keyed("bucket", "show", "s3://results", "--json", code=7, env={"AWS_ENDPOINT_URL": server})
        assert done.error["reference"] == "not-object-store"
