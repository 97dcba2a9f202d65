"""cp from every kind of store to every other: what arrives, after a kill, a change of the source, and a flipped bit."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from commands import Jsobj
from copy_scene import PART, CopyScene, End
from emulators import LackingError, azurite, gcs, moto
from fault_proxy import Answer, Rule, fault_proxy
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw
from own_python import cache_of
from rigs import lack
from store_witness import AzureWitness, FolderWitness, GoogleWitness, S3Witness, SwiftWitness
from web_server import web_server

SOURCES = ("aws", "rgw", "swift", "az", "gs", "http", "https", "folder")
TARGETS = ("aws", "rgw", "swift", "az", "gs", "folder")
PAIRS = [(one, other) for one in SOURCES for other in TARGETS if one != other]
# Each source once, and each target once, for what takes long.
SOME = [(one, "rgw") for one in SOURCES if one not in {"rgw", "https"}]
SOME += [("rgw", other) for other in TARGETS if other not in {"rgw", "folder"}]
LARGE, SMALL = "large source.bin", "small source.bin"
NAME = "large(%20| )source"  # of the large one, in a path
DATA = {LARGE: Random(1).randbytes(3 * PART + 5), SMALL: Random(2).randbytes(1000)}


@pytest.fixture(scope="module")
def scene(
    request: pytest.FixtureRequest, cloud: Cloud, rgw: Rgw, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CopyScene]:
    """All stores, each with a bucket that has two objects, and a HOME with every login."""
    folder = tmp_path_factory.mktemp("stores")
    jsobj = Jsobj(folder / "home", ())
    access, secret = cloud.mint_ec2_key("alice")
    with contextlib.ExitStack() as stack:
        stack.callback(cloud.delete_ec2_key, "alice", access)
        try:
            cache = cache_of(request.config, "azurite")
            connection = stack.enter_context(azurite(_made(folder / "az"), cache))
            web = stack.enter_context(web_server(_made(folder / "web")))
            servers = {
                "aws": stack.enter_context(moto(_made(folder / "aws"))),
                "az": connection.partition("BlobEndpoint=")[2],
                "gs": stack.enter_context(gcs(_made(folder / "gs"))),
                "http": web.url,
                "rgw": rgw.gateway(GLOBAL).endpoint,
                "swift": cloud.s3_endpoint,
            }
        except LackingError as error:
            lack(str(error))
        proxies = {}
        for name, server in servers.items():
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(server.partition(";")[0]))
            proxies[name] = (origin, stack.enter_context(fault_proxy(origin, [])))
        bucket = f"copies-{os.getpid()}"
        way = f"{proxies['swift'][1].url}/v1/AUTH_%(project_id)s"
        with cloud.published("by-proxy", way):
            jsobj("login", cloud.rc("app-cred-restricted"), "--as", "demo", "--region", "by-proxy")
        stack.enter_context(cloud.published("by-proxy", way))
        for profile in ("aws", "rgw"):
            write_profile(jsobj, profile, proxies[profile][1].url, access, secret)
        origin, by_proxy = proxies["az"]
        jsobj.variables |= {
            "AZURE_STORAGE_CONNECTION_STRING": connection.replace(origin, by_proxy.url),
            "STORAGE_EMULATOR_HOST": proxies["gs"][1].url,
            "AWS_CA_BUNDLE": str(web.authority),
        }
        local = jsobj.folder / "here"
        local.mkdir()
        token, url, name = cloud.keystone_token("alice"), cloud.swift_url, bucket
        ends = (
            End(
                "aws",
                f"s3://{name}/",
                S3Witness(servers["aws"], access, secret, name, part_size=PART),
                *_named("profile", "aws"),
            ),
            End(
                "rgw",
                f"s3://{name}/",
                S3Witness(servers["rgw"], access, secret, name),
                *_named("profile", "rgw"),
            ),
            End("swift", f"swift://{name}/", SwiftWitness(url, token, name), *_named("cloud", "demo")),
            End("az", f"az://{name}/", AzureWitness(connection, name)),
            End("gs", f"gs://{name}/", GoogleWitness(servers["gs"], name)),
            End("http", f"{proxies['http'][1].url}/index/", FolderWitness(web.root), digests=False),
            End("https", f"{web.secure_url}/index/", FolderWitness(web.root), digests=False),
            End("folder", f"file://{local}/", FolderWitness(local)),
        )
        for end in ends:
            if hasattr(end.witness, "make"):
                end.witness.make()
            for key, data in DATA.items():
                end.witness.put(key, data)
        yield CopyScene(jsobj, {end.name: end for end in ends}, {name: proxy for name, (_, proxy) in proxies.items()})


def _named(option: str, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (f"--{option}", name), (f"--dest-{option}", name)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def write_profile(jsobj: Jsobj, name: str, endpoint: str, access: str, secret: str) -> None:
    """One more profile."""
    jsobj.credentials.parent.mkdir(exist_ok=True)
    with jsobj.credentials.open("a") as file:
        file.write(f"[{name}]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n")
    with jsobj.config.open("a") as file:
        file.write(f"[profile {name}]\nendpoint_url = {endpoint}\nregion = us-east-1\n")
    jsobj.credentials.chmod(0o600)


@pytest.fixture(autouse=True)
def _no_rules(scene: CopyScene) -> Iterator[None]:
    """Of the test before."""
    yield
    for proxy in scene.proxies.values():
        proxy.clear()


def of_source(fault: Any, **words: Any) -> Rule:
    """A fault in the bytes of the large source as they come."""
    return Rule(fault, "receiving", "GET", NAME, **{"at": 1000, **words})


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_what_arrives_is_the_source(scene: CopyScene, source: str, target: str) -> None:
    new = f"from {source}"
    said = [scene.copy(source, target, key, f"{new}/{key}") for key in DATA]
    witness = scene.ends[target].witness
    assert {key: witness.get(f"{new}/{key}") for key in DATA} == DATA
    proven = all(one["verified"] == 1 for one in said)
    assert proven == scene.ends[source].digests, said


@pytest.mark.parametrize(("source", "target"), SOME)
def test_a_copy_that_was_killed_is_finished_by_the_same_command(scene: CopyScene, source: str, target: str) -> None:
    new = f"killed {source}"
    end = scene.ends[target]
    stall = of_source("stall", skip=2, at=1) if source != "folder" else Rule("stall", "sending", "PUT", part=3, at=1)
    proxy = scene.proxies[source if source != "folder" else target]
    proxy.add(stall)
    words = scene.words(source, target, LARGE, new)
    process = scene.jsobj.start(*words)
    try:
        assert stall.reached.wait(60), (scene.jsobj.home / "output").read_text()
        time.sleep(0.3)  # what is beside it may end
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert new not in end.witness.keys("")
    proxy.clear()
    said = scene.jsobj(*words, "--json").json
    assert (said["done"], end.witness.get(new)) == (1, DATA[LARGE])
    assert [key for key in end.witness.unfinished() if new in key] == []  # type: ignore[attr-defined]  # of targets
    jobs = scene.jsobj("jobs", "list", "--json").json["items"]
    assert [job for job in jobs if new in job["destination"]] == []


def test_a_move_that_was_killed_when_its_copy_was_made_deletes_the_source(scene: CopyScene) -> None:
    one, other = scene.ends["aws"].witness, scene.ends["rgw"].witness
    one.put("moved", DATA[LARGE])
    proxy = scene.proxies["rgw"]
    stall = proxy.add(Rule("stall", "answer", "POST", query="^uploadId"))
    words = ("mv", *scene.words("aws", "rgw", "moved", "moved/there")[1:])
    process = scene.jsobj.start(*words)
    try:
        stall.wait()
    finally:
        process.kill()
        process.wait()
    proxy.clear()
    said = scene.jsobj(*words, "--json").json
    assert (said["done"], said["verified"]) == (1, 1)
    jobs = scene.jsobj("jobs", "list", "--json").json["items"]
    assert [job for job in jobs if "moved" in job["destination"]] == []
    assert "moved" not in one.keys("")
    assert other.get("moved/there") == DATA[LARGE]


@pytest.mark.parametrize("source", [one for one in SOURCES if one not in {"https", "folder"}])
def test_a_source_that_changes_meanwhile_is_no_copy(scene: CopyScene, source: str) -> None:
    one = scene.ends[source].witness
    new, other = f"changed {source}", Random(3).randbytes(len(DATA[LARGE]))
    target = "rgw" if source != "rgw" else "aws"
    proxy = scene.proxies[source]
    proxy.add(Rule("late", "request", "GET", NAME, skip=1, seconds=0.1, also=lambda: one.put(LARGE, other)))
    try:
        said = scene.copy(source, target, LARGE, new, code=8)
    finally:
        one.put(LARGE, DATA[LARGE])
    assert "object-changed" in str(said)
    end = scene.ends[target].witness
    assert new not in end.keys("")
    assert [key for key in end.unfinished() if new in key] == []  # type: ignore[attr-defined]  # of targets


def test_parts_that_come_when_their_copy_was_given_up_do_not_stay(scene: CopyScene) -> None:
    scene.proxies["gs"].add(Rule("late", "request", "POST", query="00000001", seconds=1))
    scene.proxies["aws"].add(Rule("answer", "request", "GET", NAME, skip=2, times=0, answer=Answer(412)))
    scene.copy("aws", "gs", LARGE, "given up", code=8)
    end = scene.ends["gs"].witness
    assert [key for key in end.unfinished() if "given up" in key] == []  # type: ignore[attr-defined]  # of targets
    jobs = scene.jsobj("jobs", "list", "--json").json["items"]
    assert [job for job in jobs if "given up" in job["destination"]] == []


@pytest.mark.parametrize("source", [one for one in SOURCES if one not in {"https", "folder"}])
def test_a_flipped_bit_is_found_and_fetched_again_where_the_source_tells_a_digest(
    scene: CopyScene, source: str
) -> None:
    new, target = f"flipped {source}", "rgw" if source != "rgw" else "aws"
    flip = scene.proxies[source].add(of_source("flip", skip=1))
    said = scene.copy(source, target, LARGE, new)
    assert flip.struck == 1
    same = scene.ends[target].witness.get(new) == DATA[LARGE]
    if scene.ends[source].digests:
        assert (same, said["verified"]) == (True, 1)
    else:  # over http nothing tells it, and nothing claims to have looked
        assert (same, said["verified"], said["proofs"]) == (False, 0, {"sent": 1})


# Not aws: the sizes of its parts are a guess there, so that bytes that come twice alike may be right.
@pytest.mark.parametrize("source", ["rgw", "swift", "az", "gs"])
def test_bits_that_flip_every_time_make_no_object(scene: CopyScene, source: str) -> None:
    new, target = f"damaged {source}", "rgw" if source != "rgw" else "aws"
    scene.proxies[source].add(of_source("flip", times=0))
    said = scene.copy(source, target, LARGE, new, code=8)
    assert "bytes-differ" in str(said)
    end = scene.ends[target].witness
    assert new not in end.keys("")
    assert [key for key in end.unfinished() if new in key] == []  # type: ignore[attr-defined]  # of targets
