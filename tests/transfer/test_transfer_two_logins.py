"""cp and mv from one login to another: other clouds, other projects of one server."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fault_proxy import Rule, fault_proxy
from fixtures_cloud import Cloud
from transfer_scene import IN_PARTS, PART, RGW_S3, SWIFT_API, SWIFT_S3, TransferScene, add_profile

import jsobj

SMALL, LARGE = os.urandom(1000), os.urandom(2 * PART + 5)


@dataclass(frozen=True)
class Two:
    """``here`` is where the commands run, with its own login; its profile ``there`` opens the bucket of ``there``."""

    here: TransferScene
    there: TransferScene

    def __call__(self, verb: str, *words: str, code: int = 0) -> dict[str, object]:
        """The command's document, or that of its error."""
        done = self.here(verb, *words, "--dest-profile", "there", *IN_PARTS, "--json", code=code)
        found: dict[str, object] = done.json if done.out else done.error
        return found


@pytest.fixture
def two(
    make_scene: Callable[[str], TransferScene],
    endpoint_of: Callable[[str], tuple[str, str]],
    witness_key: tuple[str, str],
) -> Callable[[str, str], Two]:
    """``two(ground, other)``: the other one is spoken to over S3."""

    def make(ground: str, other: str) -> Two:
        here, there = make_scene(ground), make_scene(other)
        add_profile(here, "there", *endpoint_of(other), witness_key)
        return Two(here, there)

    return make


@pytest.fixture(params=[SWIFT_S3, RGW_S3])
def projects(
    request: pytest.FixtureRequest,
    make_scene: Callable[[str], TransferScene],
    endpoint_of: Callable[[str], tuple[str, str]],
    cloud: Cloud,
) -> Iterator[tuple[TransferScene, str]]:
    """A scene of alice with a profile of otto too, who has another project of the same server; and his bucket."""
    import boto3

    scene, pair = make_scene(request.param), cloud.mint_ec2_key("otto")
    endpoint, region = endpoint_of(request.param)
    add_profile(scene, "otto", endpoint, region, pair)
    client, bucket = boto3.Session(*pair, region_name=region).client("s3", endpoint_url=endpoint), uuid.uuid4().hex
    client.create_bucket(Bucket=bucket)
    yield scene, f"s3://{bucket}/"
    for item in client.list_objects(Bucket=bucket).get("Contents", ()):
        client.delete_object(Bucket=bucket, Key=item["Key"])
    client.delete_bucket(Bucket=bucket)
    client.close()
    cloud.delete_ec2_key("otto", pair[0])


@pytest.mark.parametrize("ground", [SWIFT_S3, SWIFT_API])
@pytest.mark.parametrize("verb", ["cp", "mv"])
def test_from_swift_to_ceph_with_all_that_is_kept(two: Callable[[str, str], Two], ground: str, verb: str) -> None:
    both = two(ground, RGW_S3)
    here, there = both.here, both.there
    here.put("raw/small", SMALL, ContentType="text/x-own", Metadata={"run": "42"}, CacheControl="max-age=60")
    here.put_in_parts("raw/large", LARGE, PART)
    here.put("other", b"")
    plan = both(verb, here.url("raw/"), there.url(), "--dry-run")
    assert {row["action"] for row in plan["items"]} == {"copy" if verb == "cp" else "move"}  # type: ignore[attr-defined]
    assert there.keys() == []
    done = both(verb, here.url("raw/*"), there.url("new/"))
    assert (done["done"], done["failed"], done["unverified"]) == (2, 0, 0)
    assert (there.get("new/small"), there.get("new/large")) == (SMALL, LARGE)
    head = there.head("new/small")
    assert (head["ContentType"], head["CacheControl"], head["Metadata"]["run"]) == ("text/x-own", "max-age=60", "42")
    assert set(here.keys()) == {"other", *(() if verb == "mv" else ("raw/small", "raw/large"))}
    assert there.unfinished() == []


def test_to_a_login_of_the_swift_api(two: Callable[[str, str], Two]) -> None:
    both = two(SWIFT_API, RGW_S3)
    both.there.put("a", LARGE)
    words = (both.there.url("a"), both.here.url("b"), "--profile", "there", "--dest-cloud", "demo")
    assert both.here.summary("mv", *words, *IN_PARTS)["verified"] == 1
    assert (both.here.get("b"), both.there.keys()) == (LARGE, [])
    missing = both.here("cp", both.here.url("b"), "swift://not-there/", "--dest-cloud", "demo", "--json", code=5).error
    assert missing["message"].startswith("destination: ")
    assert "--cloud demo" in missing["hint"]


@pytest.mark.parametrize("size", [1000, 2 * PART + 5])
def test_between_two_projects_of_one_server(projects: tuple[TransferScene, str], size: int) -> None:
    scene, target = projects
    scene.put("a", os.urandom(size))
    before = scene.digests()["a"]
    assert scene.summary("mv", scene.url("a"), target, "--dest-profile", "otto", *IN_PARTS)["verified"] == 1
    assert scene.keys() == []
    assert scene.summary(
        "mv", f"{target}a", scene.url("back"), "--profile", "otto", "--dest-profile", "demo", *IN_PARTS
    )
    assert scene.digests() == {"back": before}


def test_an_error_names_the_login_that_it_is_about(
    two: Callable[[str, str], Two],
    endpoint_of: Callable[[str], tuple[str, str]],
    witness_key: tuple[str, str],
) -> None:
    both = two(SWIFT_S3, RGW_S3)
    here, there = both.here, both.there
    here.put("a", SMALL)
    add_profile(here, "wrong", *endpoint_of(RGW_S3), (witness_key[0], "x" * 32))
    words = ("cp", here.url("a"), there.url("b"), "--json")
    error = here(*words, "--dest-profile", "wrong", code=4).error
    assert error["message"].startswith("destination: "), error
    assert "--profile there" not in error["hint"]
    error = here(
        "mv", there.url("a"), here.url("b"), "--json", "--profile", "wrong", "--dest-profile", "demo", code=4
    ).error
    assert error["message"].startswith("source: "), error
    missing = both("mv", here.url("a"), f"s3://{there.bucket}-not/", code=5)
    assert str(missing["message"]).startswith("destination: "), missing
    assert "--profile there" in str(missing["hint"])
    assert (here.keys(), there.keys()) == (["a"], [])


def test_one_object_under_two_logins_is_never_moved_onto_itself(
    over_s3: TransferScene, endpoint_of: Callable[[str], tuple[str, str]], witness_key: tuple[str, str]
) -> None:
    add_profile(over_s3, "there", *endpoint_of(RGW_S3), witness_key)
    over_s3.put("tree/a", SMALL)
    for source, target in (("tree/a", "tree/a"), ("tree/", "tree/deep/"), ("**a", "x/")):
        words = (over_s3.url(source), over_s3.url(target), "--dest-profile", "there", "--json")
        over_s3("mv", *words, code=2)
    assert over_s3.keys() == ["tree/a"]


def test_the_same_name_of_another_server_is_another_object(
    two: Callable[[str, str], Two], endpoint_of: Callable[[str], tuple[str, str]]
) -> None:
    both = two(SWIFT_S3, RGW_S3)
    same = TransferScene(both.here.jsobj, RGW_S3, both.here.bucket, both.there.witness, endpoint_of(RGW_S3)[0])
    same.witness.create_bucket(Bucket=same.bucket)
    both.here.put("a", SMALL)
    assert both("mv", both.here.url(), both.here.url())["done"] == 1
    assert (both.here.keys(), same.get("a")) == ([], SMALL)
    same.drop_bulk()


def interrupted(two: Two, stall: Rule, *words: str) -> str:
    """The job that is named where Ctrl-C comes as soon as one side has stalled."""
    here = two.here
    process = here.jsobj.start("mv", here.url("a"), two.there.url("b"), *words, *IN_PARTS)
    try:
        stall.wait()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130, (here.jsobj.home / "output").read_text()
    finally:
        process.kill()
        process.wait()
    said = (here.jsobj.home / "output").read_text()
    assert (here.keys(), two.there.keys(), two.there.unfinished()) == (["a"], [], ["b"])
    (job,) = here("jobs", "list", "--json").json["items"]
    assert f"jsobj jobs resume {job['id']}" in " ".join(said.split())
    return str(job["id"])


def test_ctrl_c_where_the_source_stalls_leaves_what_the_same_command_finishes(
    two: Callable[[str, str], Two],
    endpoint_of: Callable[[str], tuple[str, str]],
    witness_key: tuple[str, str],
) -> None:
    both = two(SWIFT_S3, RGW_S3)
    both.here.put_in_parts("a", LARGE, PART)
    endpoint, region = endpoint_of(SWIFT_S3)
    stall = Rule("stall", "receiving", "GET", "/a$", at=1, times=1)
    with fault_proxy(endpoint, [stall]) as proxy:
        add_profile(both.here, "slow", proxy.url, region, witness_key)
        words = ("--profile", "slow", "--dest-profile", "there")
        interrupted(both, stall, *words)
        both.here("mv", both.here.url("a"), both.there.url("b"), *words, *IN_PARTS)
    assert (both.here.keys(), both.there.get("b"), both.there.unfinished()) == ([], LARGE, [])
    assert both.here("jobs", "list", "--json").json["items"] == []


@pytest.mark.parametrize(("ground", "other"), [(SWIFT_S3, RGW_S3), (RGW_S3, SWIFT_S3)])
def test_ctrl_c_where_the_destination_stalls_is_resumed_without_sending_again(
    two: Callable[[str, str], Two],
    endpoint_of: Callable[[str], tuple[str, str]],
    witness_key: tuple[str, str],
    ground: str,
    other: str,
) -> None:
    both = two(ground, other)
    both.here.put_in_parts("a", LARGE, PART)
    endpoint, region = endpoint_of(other)
    stall = Rule("stall", "sending", "PUT", "/b$", part=2, at=1000, times=1)
    with fault_proxy(endpoint, [stall]) as proxy:
        add_profile(both.here, "slow", proxy.url, region, witness_key)
        # One at a time: the first part is there when the second stalls.
        job = interrupted(both, stall, "--dest-profile", "slow", "--parallel", "1")
        both.here("jobs", "resume", job)
        parts = sorted(one.part for one in proxy.of("PUT", "partNumber="))
    assert (both.here.keys(), both.there.get("b"), both.there.unfinished()) == ([], LARGE, [])
    assert parts == [1, 2, 2, 3], "what was there was sent again"


def test_a_job_that_is_cancelled_takes_its_upload_at_the_destination_back(
    two: Callable[[str, str], Two], endpoint_of: Callable[[str], tuple[str, str]], witness_key: tuple[str, str]
) -> None:
    both = two(SWIFT_S3, RGW_S3)
    both.here.put_in_parts("a", LARGE, PART)
    endpoint, region = endpoint_of(RGW_S3)
    stall = Rule("stall", "sending", "PUT", "/b$", part=2, at=1000, times=1)
    with fault_proxy(endpoint, [stall]) as proxy:
        add_profile(both.here, "slow", proxy.url, region, witness_key)
        job = interrupted(both, stall, "--dest-profile", "slow")
        both.here("jobs", "cancel", job, "--yes")
    assert (both.here.keys(), both.there.keys(), both.there.unfinished()) == (["a"], [], [])


def test_bytes_that_change_on_the_way_are_never_moved(
    two: Callable[[str, str], Two], endpoint_of: Callable[[str], tuple[str, str]], witness_key: tuple[str, str]
) -> None:
    both = two(SWIFT_S3, RGW_S3)
    both.here.put("a", SMALL)
    endpoint, region = endpoint_of(SWIFT_S3)
    with fault_proxy(endpoint, [Rule("flip", "receiving", "GET", "/a$", at=500, times=0)]) as proxy:
        add_profile(both.here, "bad", proxy.url, region, witness_key)
        error = both("mv", both.here.url("a"), both.there.url("b"), "--profile", "bad", code=8)
    assert error
    assert (both.here.keys(), both.there.keys()) == (["a"], [])


def test_completion_of_a_destination_asks_its_own_login(two: Callable[[str, str], Two]) -> None:
    both = two(SWIFT_S3, RGW_S3)
    line = f"jsobj cp --dest-profile there {both.here.url('a')} s3://t-"
    program = "import sys; sys.argv[0] = 'jsobj'; from jsobj.__main__ import main; main()"
    offered = subprocess.run(
        [*both.here.jsobj.command()[:1], "-c", program],
        env=both.here.jsobj.environment({"_JSOBJ_COMPLETE": "bash_complete", "_JSOBJ_LINE": line}),
        cwd=both.here.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert both.there.bucket in offered
    assert both.here.bucket not in offered


def test_an_endpoint_alone_is_no_login(over_s3: TransferScene) -> None:
    words = ("cp", over_s3.url("a"), over_s3.url("b"), "--dest-endpoint", "https://s3.example", "--json")
    assert "--dest-profile" in over_s3(*words, code=2).error["hint"]
    words = ("cp", "s3://a/b", "swift://a/c", "--dest-cloud", "demo", *words[3:])
    assert "swift://" in over_s3(*words, code=2).error["message"]
    words = ("cp", "s3://a/b", "az://a/c", "--dest-profile", "demo", "--json")
    assert "az://" in over_s3(*words, code=2).error["message"], "a login that would be passed over"


def test_plain_http_to_another_machine_is_refused(over_s3: TransferScene) -> None:
    words = ("--dest-profile", "demo", "--dest-endpoint", "http://s3.example", "--json")
    error = over_s3("cp", over_s3.url("a"), over_s3.url("b"), *words, code=2).error
    assert error["message"].startswith("destination: ")


def test_a_program_copies_to_another_connection(
    two: Callable[[str, str], Two], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = two(SWIFT_S3, RGW_S3)
    both.here.put("a", SMALL)
    both.here.put("b", SMALL)
    monkeypatch.setenv("HOME", str(both.here.jsobj.home))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    sources = [both.here.url("a"), both.here.url("b")]
    done = jsobj.connect("demo").move(sources, both.there.url("new/"), to=jsobj.connect("there"))
    assert (done.done, both.there.keys(), both.here.keys()) == (2, ["new/a", "new/b"], [])
