"""``jsobj share`` on OpenStack Swift: containers by access control list, judged by the other project's token."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from objects_scene import Scene

from jsobj.share.grants import inventory

FOREIGN = "abc:*,.r:example.org"
PART = 5 << 20  # bytes
NOTHING = frozenset[str]()
READS, WRITES = frozenset({"get", "list"}), frozenset({"get", "list", "put"})

pytestmark = pytest.mark.parametrize("scene", ["swift"], indirect=True)


@pytest.fixture(name="otto_home", scope="module")
def _otto_home(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    runner = Jsobj(tmp_path_factory.mktemp("otto") / "home", ())
    words = ("--password-stdin", "--as", "demo")
    runner("login", cloud.rc("openrc-other"), *words, stdin=cloud.rc("password-other"))
    return runner.home


@pytest.fixture(name="otto")
def _otto(cloud: Cloud, otto_home: Path, tmp_path: Path) -> Iterator[Jsobj]:
    """otto of project other, logged in, without keys."""
    shutil.copytree(otto_home, tmp_path / "otto")
    runner = Jsobj(tmp_path / "otto", cloud.secrets)
    yield runner
    runner.check_no_secret_leaked()


@pytest.fixture(name="token")
def _token(cloud: Cloud) -> Iterator[Any]:
    """swiftclient with otto's token, in demo's account."""
    import swiftclient

    connection = swiftclient.Connection(
        preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("otto"), retries=0
    )
    yield connection
    connection.close()


@pytest.fixture(name="project")
def _project(cloud: Cloud) -> str:
    found: str = cloud.status.projects["other"]
    return found


def may(token: Any, bucket: str) -> frozenset[str]:
    """What a token may do in a container."""
    from swiftclient import ClientException

    tries = {
        "get": lambda: token.get_object(bucket, "a b"),
        "list": lambda: token.get_container(bucket),
        "put": lambda: token.put_object(bucket, "otto", b"otto"),
    }
    done = set()
    for name, attempt in tries.items():
        try:
            attempt()
        except ClientException as error:
            if error.http_status != 403:
                raise
        else:
            done.add(name)
    return frozenset(done)


def lists(scene: Scene) -> tuple[str, str]:
    headers = scene.swift.head_container(scene.bucket)
    return headers.get("x-container-read", ""), headers.get("x-container-write", "")


def test_a_container_is_given_accepted_and_taken_back(scene: Scene, otto: Jsobj, token: Any, project: str) -> None:
    scene.fill({"a b": b"data"})
    scene.swift.post_container(scene.bucket, {"X-Container-Read": FOREIGN})
    assert may(token, scene.bucket) == NOTHING
    shared = scene.jsobj("share", scene.url(), "--to", project, "--expires", "1h", "--json")
    done = shared.json
    assert (done["mechanism"], done["enforced"]) == ("acl", False)
    assert "--prune" in shared.err
    assert may(token, scene.bucket) == READS
    accepted = otto("share", "accept", done["ticket"]).out
    url = next(line.split()[-1] for line in accepted.splitlines() if line.startswith("Place"))
    assert "a b was read" in accepted
    assert otto("ls", url).lines == ["a b"]
    otto("download", url, f"{otto.folder}/got/")
    assert (otto.folder / "got/a b").read_bytes() == b"data"
    otto("verify", f"{otto.folder}/got/", url)
    code = otto("snippet", "fsspec", f"{url}a b").out
    assert otto.tool("python", "-c", code).out
    for library in ("swiftclient", "obstore"):
        assert otto.tool("python", "-c", otto("snippet", library, url).out).out == "a b 4\n"
    scene.jsobj("share", scene.url(), "--to", project, "--write")  # needs the same element of the read ACL
    assert may(token, scene.bucket) == WRITES
    kept = scene.jsobj("unshare", done["id"], "--json").json["items"][0]["state"]
    assert kept == "another share keeps it open"
    assert may(token, scene.bucket) == WRITES
    rest = scene.jsobj("shares", scene.url(), "--json").json["items"]
    assert [(each["access"], each["state"]) for each in rest if each["direction"] == "given"] == [("write", "given")]
    assert any("abc" in each["who"] for each in rest if each["direction"] == "not made here")
    scene.jsobj("unshare", *(each["id"] for each in rest if each["id"]))
    assert may(token, scene.bucket) == NOTHING
    assert lists(scene) == (FOREIGN, "")


def test_who_may_write_sends_large_files_too(scene: Scene, otto: Jsobj, token: Any, project: str, cloud: Cloud) -> None:
    scene.fill({"a b": b"data"})
    person = f"{project}:{cloud.user_id('otto')}"
    done = scene.jsobj("share", scene.url(), "--to", person, "--write", "--json").json
    assert may(token, scene.bucket) == WRITES
    url = otto("share", "accept", done["ticket"], "--json").json["url"]
    large = otto.folder / "large"
    large.write_bytes(os.urandom(2 * PART + 1))
    otto("upload", str(large), url, "--part-size", "5M")
    otto("cp", f"{url}large", f"{url}copy")
    for key in ("large", "copy"):
        assert scene.swift.get_object(scene.bucket, key)[1] == large.read_bytes()
        otto("download", f"{url}{key}", f"{otto.folder}/back-{key}")
        assert (otto.folder / f"back-{key}").read_bytes() == large.read_bytes()
    otto("rm", f"{url}large", f"{url}copy")
    scene.jsobj("unshare", done["id"])
    assert may(token, scene.bucket) == NOTHING
    segments = scene.swift.head_container(f"{scene.bucket}_segments")
    assert not segments.get("x-container-read")
    assert not segments.get("x-container-write")


def test_what_has_ended_goes_with_prune(scene: Scene, token: Any, project: str) -> None:
    scene.fill({"a b": b"data"})
    done = scene.jsobj("share", scene.url(), "--to", project, "--expires", "1s", "--json").json
    for _ in range(20):
        listed = scene.jsobj("shares", "--json").json["items"]
        if listed[0]["state"] == "ended":
            break
        time.sleep(0.2)
    assert listed[0]["state"] == "ended"
    assert may(token, scene.bucket) == READS  # no server ends it
    assert [each["id"] for each in scene.jsobj("shares", "--prune", "--json").json["items"]] == [done["id"]]
    assert may(token, scene.bucket) == NOTHING
    assert scene.jsobj("shares", "--prune", "--json").json["items"] == []
    assert "shares --prune" in scene.jsobj("shares", "--print-timer").out


def test_what_was_there_before_stays(scene: Scene, token: Any, project: str) -> None:
    scene.fill({"a b": b"data"})
    scene.swift.post_container(scene.bucket, {"X-Container-Read": f"{project}:*"})
    done = scene.jsobj("share", scene.url(), "--to", project, "--json").json
    assert scene.jsobj("unshare", done["id"], "--json").json["items"][0]["state"] == "stood there before, and stays"
    assert may(token, scene.bucket) == READS


def test_what_the_owner_changed_by_other_tools_is_said(scene: Scene, project: str) -> None:
    scene.fill({"a b": b"data"})
    done = scene.jsobj("share", scene.url(), "--to", project, "--write", "--json").json
    scene.swift.post_container(scene.bucket, {"X-Container-Write": ""})
    assert scene.jsobj("shares", "--json").json["items"][0]["state"] == "partly"
    scene.swift.delete_object(scene.bucket, "a b")
    scene.swift.delete_container(f"{scene.bucket}_segments")
    scene.swift.delete_container(scene.bucket)
    assert scene.jsobj("shares", "--json").json["items"][0]["state"] == "gone"
    assert scene.jsobj("unshare", done["id"], "--json").json["items"][0]["state"] == "was gone already"


def test_mistakes(scene: Scene, otto: Jsobj, project: str, cloud: Cloud) -> None:
    scene.fill({"f/a b": b"data"})
    own = cloud.status.projects["demo"]
    for words, code, reference in (
        ((scene.url("f/"), "--to", project), 6, "share-prefix"),
        ((scene.url(), "--to", own), 2, "usage"),
        ((scene.url(), "--to", "demo"), 2, "usage"),
        ((scene.url(), "--to", "nobody-knows"), 5, "share-name-unknown"),
        ((scene.url(), "--to", f"{project}:a:b"), 2, "usage"),
        ((scene.url("nothing"), "--to", project), 2, "usage"),
        ((scene.url(), "--to", project, "--expires", "soon"), 2, "bad-time"),
        ((f"swift://{scene.bucket}-not", "--to", project), 5, "bucket-not-found"),
    ):
        error = scene.jsobj("share", *words, "--json", code=code).error
        assert error["reference"] == reference, error
    assert lists(scene) == ("", "")
    assert inventory.SCHEMA not in "".join(
        path.read_text() for path in scene.jsobj.home.rglob("shares.json") if '"id"' in path.read_text()
    )
    ticket = scene.jsobj("share", scene.url(), "--to", own.replace(own[:4], "0000"), "--json").json["ticket"]
    for words, code, reference in (
        ((ticket[:-3],), 2, "ticket-cut"),
        (("hello",), 2, "ticket-unknown"),
        (("jsobj2.x.y",), 2, "ticket-version"),
        ((ticket,), 6, "ticket-not-for-you"),
    ):
        error = otto("share", "accept", *words, "--json", code=code).error
        assert error["reference"] == reference, error
