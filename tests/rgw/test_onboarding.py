"""From the portal's file to data that every tool reads, on Ceph RGW: both with global names and with tenants."""

from __future__ import annotations

import os

import pytest
import s3fs
from commands import Jsobj, Keys
from fixtures_cloud import Cloud
from fixtures_rgw import Gateway
from people import CLOUD, Boto, Swift, Users, log_in, on_global, on_tenants


def test_the_whole_way(newcomer: Users, cloud: Cloud, gateway: Gateway, keys: Keys, boto: Boto, name: str) -> None:
    alice = newcomer("alice")
    project = cloud.status.projects["demo"]
    logged_in = log_in(alice, cloud, gateway, "alice")
    assert (logged_in["region"], logged_in["project"]["id"]) == (gateway.region, project)
    assert (logged_in["swift_url"], logged_in["s3_endpoint"]) == (gateway.swift_url(project), gateway.endpoint)

    first = alice("bucket", "create", name, "--json").json
    assert (first["dialect"], first["created"], first["endpoint"]) == ("swift", True, gateway.swift_url(project))

    done = alice("ec2-creds", "--json").json
    assert (done["server"], done["region"], done["endpoint_url"]) == ("ceph-rgw", "us-east-1", gateway.endpoint)
    assert (done["how"], done["proven"], {done["access"]}) == ("made", True, keys.new)
    assert keys.all()[done["access"]] == project

    body = os.urandom(100_000)
    boto(alice).put_object(Bucket=name, Key="a/b.bin", Body=body)
    assert name in alice.tool("aws", "s3", "ls", "--profile", CLOUD).out
    assert "b.bin" in alice.tool("aws", "s3", "ls", f"s3://{name}/a/", "--profile", CLOUD).out
    assert alice.tool("openstack", "--os-cloud", CLOUD, "object", "list", name, "-f", "value").out == "a/b.bin\n"
    files = s3fs.S3FileSystem(profile=CLOUD, skip_instance_cache=True)
    assert files.cat(f"{name}/a/b.bin") == body
    assert (alice("ec2-creds", "--json").json["how"], len(keys.new)) == ("kept", 1)


def test_objects_by_every_tool(alice: Jsobj, boto: Boto, swift: Swift, name: str) -> None:
    """A bucket made through S3 is a container; what one tool puts there, all others read."""
    made = alice("bucket", "create", f"s3://{name}", "--json").json
    assert (made["dialect"], made["created"], made["project"]) == ("s3", True, "demo")
    client, connection = boto(alice), swift("alice")
    files = s3fs.S3FileSystem(profile=CLOUD, skip_instance_cache=True)
    body = os.urandom(6 << 20)
    connection.put_object(name, "by-swift", b"words of swift")
    client.put_object(Bucket=name, Key="by-boto3", Body=b"words of boto3")
    files.pipe(f"{name}/by-s3fs", body, chunksize=5 << 20)  # two parts
    assert sorted(files.ls(name)) == [f"{name}/{key}" for key in ("by-boto3", "by-s3fs", "by-swift")]
    assert files.cat(f"{name}/by-swift") == b"words of swift"
    assert client.get_object(Bucket=name, Key="by-s3fs")["Body"].read() == body
    assert connection.get_object(name, "by-boto3")[1] == b"words of boto3"
    assert connection.get_object(name, "by-s3fs")[1] == body


def test_names_are_listed_the_same_by_all(alice: Jsobj, boto: Boto, swift: Swift, name: str) -> None:
    alice("bucket", "create", f"s3://{name}")
    alice("bucket", "create", f"swift://{name}-2")
    witnesses = (
        {bucket["Name"] for bucket in boto(alice).list_buckets()["Buckets"]},
        {item["name"] for item in swift("alice").get_account()[1]},
    )
    for dialect in ("", "s3://", "swift://"):
        listed = {item["name"] for item in alice("bucket", "list", *filter(None, [dialect]), "--json").json["items"]}
        assert all(listed == seen for seen in witnesses)
        assert {name, f"{name}-2"} <= listed


@pytest.mark.parametrize("kind", ["restricted", "unrestricted"])
def test_application_credential_works_over_swift_without_any_key(
    newcomer: Users, cloud: Cloud, gateway: Gateway, keys: Keys, name: str, kind: str
) -> None:
    """As on Jetstream2 with a Keystone of 2026."""
    alice = newcomer("alice")
    alice("login", cloud.rc(f"app-cred-{kind}"), "--region", gateway.region, "--as", CLOUD)
    assert alice("bucket", "create", name, "--json").json["dialect"] == "swift"
    error = alice("ec2-creds", "--json", code=6).error
    assert (error["reference"], keys.new) == ("ec2-needs-full-login", set())
    words = ("ec2-creds", "--password-stdin", "--login-as", "alice", "--json")
    assert alice(*words, stdin=cloud.rc("password")).json["buckets"] >= 1


# The reader. RGW knows no reading role: an accepted role may do everything, and any other nothing.


@on_global
def test_reader_who_is_not_accepted_is_told_so(newcomer: Users, cloud: Cloud, gateway: Gateway, name: str) -> None:
    rita = newcomer("rita")
    assert log_in(rita, cloud, gateway, "rita")["roles"] == ["reader"]
    error = rita("bucket", "list", "--json", code=6).error
    assert error["reference"] == "bucket-forbidden"
    assert "reader" in error["message"]
    assert rita("bucket", "create", name, "--json", code=6).error["reference"] == "bucket-forbidden"


@on_tenants
def test_reader_who_is_accepted_may_write(newcomer: Users, cloud: Cloud, gateway: Gateway, name: str) -> None:
    rita = newcomer("rita")
    log_in(rita, cloud, gateway, "rita")
    assert rita("bucket", "create", name, "--json").json["created"] is True
    assert name in rita("bucket", "list").out
    # Keystone's own rule is another one.
    assert rita("ec2-creds", "--json", code=6).error["reference"] == "ec2-role"
