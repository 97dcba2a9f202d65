"""``jsobj bucket``: the same commands over S3 and over the Swift API, judged by boto3 and swiftclient."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace
from typing import Any

import boto3
import pexpect
import pytest
import swiftclient
from botocore.config import Config
from commands import Jsobj
from fixtures_cloud import Cloud
from listening import answering

from jsobj.errors import ExitCode, JsobjError
from jsobj.secret import Secret
from jsobj.store.swift import bucket_admin

DIALECTS = ["s3", "swift"]


def s3_client(jsobj: Jsobj, cloud: Cloud) -> boto3.client:
    """boto3 with the profile's key, past jsobj's own choices."""
    held = jsobj.profile("demo")
    return boto3.client(
        "s3",
        endpoint_url=cloud.s3_endpoint,
        region_name=cloud.region,
        aws_access_key_id=held["aws_access_key_id"],
        aws_secret_access_key=held["aws_secret_access_key"],
        config=Config(s3={"addressing_style": "path"}),
    )


@pytest.fixture(name="swift", scope="module")
def _swift(cloud: Cloud) -> swiftclient.Connection:
    return swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"))


def containers(swift: swiftclient.Connection) -> set[str]:
    return {item["name"] for item in swift.get_account(full_listing=True)[1]}


# Creating.


@pytest.mark.parametrize("dialect", DIALECTS)
def test_create_says_where_before_it_does(
    keyed: Jsobj, cloud: Cloud, swift: swiftclient.Connection, dialect: str, name: str
) -> None:
    done = keyed("bucket", "create", f"{dialect}://{name}", "--json")
    assert done.json["schema"] == "jsobj.bucket-created/1"
    assert (done.json["name"], done.json["created"], done.json["dialect"]) == (name, True, dialect)
    assert done.json["project"] == "demo"
    endpoint = cloud.s3_endpoint if dialect == "s3" else cloud.swift_url
    assert done.json["endpoint"] == endpoint
    noun = "bucket" if dialect == "s3" else "container"
    assert f"Creating {noun} '{name}' in project demo at {endpoint}" in done.err
    assert name in containers(swift)


def test_the_place_is_said_also_where_it_then_fails(keyed: Jsobj, name: str) -> None:
    config = keyed.config.read_text()
    port = config.split("endpoint_url = http://127.0.0.1:")[1].split("\n")[0]
    keyed.config.write_text(config.replace(f":{port}", ":9"))
    done = keyed("bucket", "create", f"s3://{name}", code=7)
    assert "at http://127.0.0.1:9" in done.err
    assert "Error:" in done.err


@pytest.mark.parametrize("dialect", DIALECTS)
def test_b078_one_that_is_mine_already_is_no_error(keyed: Jsobj, dialect: str, name: str) -> None:
    keyed("bucket", "create", f"{dialect}://{name}")
    assert keyed("bucket", "create", f"{dialect}://{name}", "--json").json["created"] is False


def test_bare_name_uses_s3_where_there_are_keys(keyed: Jsobj, name: str) -> None:
    assert keyed("bucket", "create", name, "--json").json["dialect"] == "s3"


def test_bare_name_uses_swift_where_there_are_none(member: Jsobj, name: str) -> None:
    assert member("bucket", "create", name, "--json").json["dialect"] == "swift"


def test_s3_without_keys_says_how_to_get_some(member: Jsobj, name: str) -> None:
    error = member("bucket", "create", f"s3://{name}", "--json", code=4).error
    assert error["reference"] == "no-s3-keys"
    assert "jsobj ec2-creds" in error["hint"]


def test_unique(keyed: Jsobj, swift: swiftclient.Connection, name: str) -> None:
    made = {keyed("bucket", "create", name, "--unique", "--json").json["name"] for _ in range(2)}
    assert len(made) == 2
    assert all(one.startswith(f"{name}-") for one in made)
    assert made <= containers(swift)


def test_container_is_the_same_command(member: Jsobj, name: str) -> None:
    member("container", "create", f"swift://{name}")
    assert name in member("container", "list").out


# Names that cannot be.


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        ("s3://ab", "3 to 63"),
        (f"s3://{'a' * 64}", "3 to 63"),
        ("s3://Upper", "capitals"),
        ("s3://under_score", "'_'"),
        ("s3://a..b", "'..'"),
        ("s3://-abc", "begin and end"),
        ("s3://abc-", "begin and end"),
        ("s3://a.-b", "'.-'"),
        ("s3://192.168.0.1", "IP address"),
        ("s3://xn--abc", "reserved"),
        ("s3://abc-s3alias", "reserved"),
        ("s3://a%2Fb", "only small letters"),
        ("s3://a?b", "only small letters"),
        ("s3://a b", "only small letters"),
        ("s3://t:bucket", "not supported yet"),
        (":bucket", "not supported yet"),
        ("arn:aws:s3:::bucket", "ARN"),
        ("s3://..", "folder's name"),
        ("swift://..", "folder's name"),
        ("swift://.", "folder's name"),
        ("", "missing"),
        ("s3://", "missing"),
        ("swift://", "missing"),
        ("s3:///key", "slashes"),
        ("S3://bucket", "small letters"),
        ("s3:/bucket", "slashes"),
        ("gs://bucket", "another cloud"),
        ("s3://bucket/key", "object"),
        ("swift://con\x1btainer", "control character"),
        ("swift://con\ntainer", "control character"),
        (f"swift://{'ä' * 129}", "256 bytes"),
    ],
)
def test_b069_to_b079_names_are_refused_with_the_rule(jsobj: Jsobj, bad: str, rule: str) -> None:
    """Before anything is asked for or sent: there is not even a login here."""
    error = jsobj("bucket", "create", bad, "--json", code=2).error
    assert error["reference"] in {"bucket-name-rules", "bucket-name-grammar"}
    assert rule in error["message"]
    plain = jsobj("bucket", "create", bad, code=2)
    assert "\x1b" not in plain.err
    assert all(line.startswith(("Error:", "  Next:", "  Seen:")) for line in plain.err.splitlines())


@pytest.mark.parametrize("odd", ["Upper_{}", "päckchen-{}", "emoji 🗝 {}", "a+b&c=d {}", "100%25-{}"])
def test_b070_b074_names_that_only_swift_allows(
    keyed: Jsobj, swift: swiftclient.Connection, odd: str, name: str
) -> None:
    wanted = odd.format(name)
    done = keyed("bucket", "create", f"swift://{wanted}", "--json")
    assert done.json["created"] is True
    assert "S3 tools will not be able to use" in done.err
    assert wanted in containers(swift)
    assert keyed("bucket", "show", f"swift://{wanted}", "--json").json["objects"] == 0
    keyed("bucket", "delete", f"swift://{wanted}")
    assert wanted not in containers(swift)


# Listing and showing.


def test_list(keyed: Jsobj, swift: swiftclient.Connection, name: str) -> None:
    keyed("bucket", "create", name)
    over_s3 = keyed("bucket", "list", "--json").json
    over_swift = keyed("bucket", "list", "swift://", "--json").json
    assert over_s3["schema"] == over_swift["schema"] == "jsobj.bucket-list/1"
    assert {item["name"] for item in over_swift["items"]} == containers(swift)
    mine = next(item for item in over_s3["items"] if item["name"] == name)
    assert (mine["dialect"], mine["objects"], mine["bytes"]) == ("s3", 0, 0)  # the login is asked for the counts
    only_s3 = keyed("bucket", "list", "s3://", "--json").json["items"]
    assert next(item for item in only_s3 if item["name"] == name)["objects"] is None
    assert mine["created"] is None  # Swift's s3api gives the same made-up date for every bucket


def test_the_columns_of_the_list_stay_whatever_is_set_up(keyed: Jsobj, name: str) -> None:
    keyed("bucket", "create", name)
    for words, cells in (((), ["0", "0 B", "-"]), (("s3://",), ["-", "-", "-"]), (("swift://",), ["0", "0 B", "-"])):
        rows = dict(line.split("\t", 1) for line in keyed("bucket", "list", *words).lines)
        assert rows[name] == "\t".join(cells)


def test_list_of_the_other_project_is_another(jsobj: Jsobj, cloud: Cloud, keyed_home: object, name: str) -> None:
    jsobj("login", cloud.rc("openrc-other"), "--password-stdin", stdin=cloud.rc("password-other"))
    jsobj("bucket", "create", f"swift://{name}")
    assert [item["name"] for item in jsobj("bucket", "list", "--json").json["items"]].count(name) == 1
    for item in jsobj("bucket", "list", "--json").json["items"]:  # also what another test could not delete
        jsobj("bucket", "delete", f"swift://{item['name']}", "--recursive", "--yes")
    done = jsobj("bucket", "list")
    assert (done.out, "There are no buckets in project other." in done.err) == ("", True)
    assert jsobj("bucket", "list", "--json").json["items"] == []


def test_list_with_a_wrong_word(keyed: Jsobj) -> None:
    assert keyed("bucket", "list", "gs://", "--json", code=2).error["reference"] == "usage"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_show_counts(keyed: Jsobj, swift: swiftclient.Connection, dialect: str, name: str) -> None:
    swift.put_container(name)
    for number in range(3):
        swift.put_object(name, f"o{number}", b"x" * 100)
    shown = keyed("bucket", "show", f"{dialect}://{name}", "--json").json
    assert (shown["objects"], shown["bytes"], shown["at_least"], shown["versioning"]) == (3, 300, False, "off")
    assert "300 B" in keyed("bucket", "show", f"{dialect}://{name}").out


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("verb", ["show", "delete"])
def test_not_found(keyed: Jsobj, dialect: str, verb: str, name: str) -> None:
    error = keyed("bucket", verb, f"{dialect}://{name}", "--json", code=5).error
    assert error["reference"] == "bucket-not-found"
    assert name in error["message"]
    assert "jsobj bucket list" in error["hint"]


# Deleting.


@pytest.mark.parametrize("dialect", DIALECTS)
def test_delete(keyed: Jsobj, swift: swiftclient.Connection, dialect: str, name: str) -> None:
    swift.put_container(name)
    done = keyed("bucket", "delete", f"{dialect}://{name}", "--json").json
    assert (done["deleted"], done["deleted_objects"]) == (True, 0)
    assert name not in containers(swift)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_delete_with_something_in_it_is_refused(
    keyed: Jsobj, swift: swiftclient.Connection, dialect: str, name: str
) -> None:
    swift.put_container(name)
    swift.put_object(name, "precious", b"x")
    error = keyed("bucket", "delete", f"{dialect}://{name}", "--json", code=6).error
    assert error["reference"] == "bucket-not-empty"
    assert "--recursive" in error["hint"]
    assert "--yes" not in error["hint"]
    assert swift.get_object(name, "precious")[1] == b"x"
    # Nobody can be asked here, so that --recursive alone deletes nothing.
    missing = keyed("bucket", "delete", f"{dialect}://{name}", "--recursive", "--json", code=2).error
    assert "--yes" in missing["hint"]
    assert swift.get_object(name, "precious")[1] == b"x"
    done = keyed("bucket", "delete", f"{dialect}://{name}", "--recursive", "--yes", "--json").json
    assert done["deleted_objects"] == 1
    assert name not in containers(swift)


def test_recursive_asks_a_person(member: Jsobj, swift: swiftclient.Connection, name: str) -> None:
    swift.put_container(name)
    swift.put_object(name, "precious", b"x")
    for answer, code in (("n", 6), ("y", 0)):
        with member.terminal("bucket", "delete", f"swift://{name}", "--recursive") as child:
            child.expect("with 1 object.*y/N")
            child.sendline(answer)
            child.expect(pexpect.EOF)
            child.wait()
            assert child.exitstatus == code
        assert (name in containers(swift)) == (answer == "n")


def test_recursive_over_s3_with_versions_and_unfinished_uploads(
    keyed: Jsobj, cloud: Cloud, swift: swiftclient.Connection, name: str
) -> None:
    client = s3_client(keyed, cloud)
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two", b"three"):
        client.put_object(Bucket=name, Key="a key/with ünicode", Body=body)
    client.delete_object(Bucket=name, Key="a key/with ünicode")
    upload = client.create_multipart_upload(Bucket=name, Key="unfinished")["UploadId"]
    client.upload_part(Bucket=name, Key="unfinished", UploadId=upload, PartNumber=1, Body=os.urandom(5 << 20))
    assert keyed("bucket", "show", f"s3://{name}", "--json").json["versioning"] == "Enabled"
    keyed("bucket", "delete", f"s3://{name}", code=6)
    # No object is counted, and still there is something to lose.
    assert keyed("bucket", "show", f"s3://{name}", "--json").json["objects"] == 0
    keyed("bucket", "delete", f"s3://{name}", "--recursive", code=2)
    assert len(client.list_object_versions(Bucket=name)["Versions"]) == 3
    keyed("bucket", "delete", f"s3://{name}", "--recursive", "--yes")
    left = containers(swift)
    assert name not in left
    for segments in (name + "+segments", name + "_segments"):
        assert segments not in left or swift.get_container(segments)[1] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_recursive_with_a_large_object_and_its_segments(
    keyed: Jsobj, swift: swiftclient.Connection, dialect: str, name: str
) -> None:
    """A static large object goes with its segments, as the uploading tools leave them in a second container."""
    swift.put_container(name)
    swift.put_container(f"{name}_segments")
    manifest = []
    for number in range(3):
        etag = swift.put_object(f"{name}_segments", f"big/{number}", b"x" * 1000)
        manifest.append({"path": f"/{name}_segments/big/{number}", "etag": etag, "size_bytes": 1000})
    swift.put_object(name, "big", json.dumps(manifest), query_string="multipart-manifest=put")
    swift.put_object(name, "small", b"x")
    done = keyed("bucket", "delete", f"{dialect}://{name}", "--recursive", "--yes", "--json").json
    assert done["deleted_objects"] == 2
    assert name not in containers(swift)
    assert (f"{name}_segments" in containers(swift)) is (dialect == "s3")  # which shows no container of segments
    if dialect == "s3":
        swift.delete_container(f"{name}_segments")


def test_recursive_over_swift_with_versions(keyed: Jsobj, swift: swiftclient.Connection, name: str) -> None:
    swift.put_container(name, headers={"X-Versions-Enabled": "true"})
    for body in (b"one", b"two"):
        swift.put_object(name, "o", body)
    swift.delete_object(name, "o")
    assert keyed("bucket", "show", f"swift://{name}", "--json").json["versioning"] == "on"
    keyed("bucket", "delete", f"swift://{name}", "--recursive", code=2)
    keyed("bucket", "delete", f"swift://{name}", "--recursive", "--yes")
    assert name not in containers(swift)


def test_recursive_over_many_pages(member: Jsobj, swift: swiftclient.Connection, name: str) -> None:
    swift.put_container(name)
    for number in range(25):
        swift.put_object(name, f"{number}", b"")
    assert member("bucket", "delete", f"swift://{name}", "-r", "--yes", "--json").json["deleted_objects"] == 25


# Who may.


def test_reader_may_look_and_not_touch(jsobj: Jsobj, cloud: Cloud, swift: swiftclient.Connection, name: str) -> None:
    swift.put_container(name)
    swift.put_object(name, "o", b"x")
    jsobj("login", cloud.rc("openrc-reader"), "--password-stdin", stdin=cloud.rc("password-reader"))
    assert name in jsobj("bucket", "list").out
    assert jsobj("bucket", "show", f"swift://{name}", "--json").json["objects"] == 1
    for argv in (("create", f"swift://{name}-new"), ("delete", f"swift://{name}", "--recursive", "--yes")):
        error = jsobj("bucket", *argv, "--json", code=6).error
        assert error["reference"] == "bucket-forbidden"
        assert "(reader)" in error["message"]
        assert "member" in error["hint"]
    assert swift.get_object(name, "o")[1] == b"x"


def test_deleted_key(keyed: Jsobj, cloud: Cloud, name: str) -> None:
    """A key that nobody has: 4, and the command that mends it."""
    text = keyed.credentials.read_text()
    keyed.credentials.write_text(text.replace(keyed.profile("demo")["aws_access_key_id"], "0" * 32))
    error = keyed("bucket", "list", "--json", code=4).error
    assert error["reference"] == "s3-key-refused"
    assert "jsobj ec2-creds" in error["hint"]


def test_keys_from_the_environment(jsobj: Jsobj, keyed_home: object, keyed: Jsobj, cloud: Cloud, name: str) -> None:
    held = keyed.profile("demo")
    variables = {
        "AWS_ACCESS_KEY_ID": held["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": held["aws_secret_access_key"],
        "AWS_ENDPOINT_URL": cloud.s3_endpoint,
        "AWS_REGION": cloud.region,
        "HOME": str(keyed.folder),
    }
    done = keyed("bucket", "create", name, "--json", env=variables)
    assert done.json["dialect"] == "s3"
    assert "AWS_* variables" in done.err
    without = {key: value for key, value in variables.items() if key != "AWS_ENDPOINT_URL"}
    error = keyed("bucket", "list", "--json", env=without, code=2).error
    assert error["reference"] == "endpoint-missing"
    assert "Amazon" in error["context"]


def test_s25_credential_process_is_never_run(keyed: Jsobj, name: str) -> None:
    canary = keyed.folder / "canary"
    with keyed.config.open("a") as config:
        config.write(f"\n[profile evil]\ncredential_process = touch {canary}\nendpoint_url = http://127.0.0.1:9\n")
    keyed("bucket", "list", "--profile", "evil", code=5)
    keyed("bucket", "list")
    keyed("ec2-creds", "list")
    assert not canary.exists()


def test_listing_that_never_gets_empty_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says yes to every deletion and lists the object still: no endless loop."""
    monkeypatch.setattr(bucket_admin, "_LAG_SECONDS", 0.01)
    named = SimpleNamespace(name="demo")
    login = SimpleNamespace(swift_url="", roles=(), project=named, user=named, token_expires=None)
    with answering(200, {"Content-Type": "application/json"}, b'[{"name": "o", "bytes": 1}]') as (url, seen):
        login.swift_url = f"{url}/v1/AUTH_x"
        keystone: Any = SimpleNamespace(login=login, token=Secret("t"), source=SimpleNamespace(cloud=""))
        account = bucket_admin.SwiftAccount(keystone)
        with pytest.raises(JsobjError) as caught:
            account.empty("c", lambda total: None)
    assert (caught.value.reference, caught.value.code) == ("bucket-not-emptied", ExitCode.NETWORK)
    assert len([line for line in seen if line.startswith("DELETE")]) <= 6
