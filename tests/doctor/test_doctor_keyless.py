"""Nothing but a login: the application credential that portals make by default, at a Keystone that gives it no keys."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import signal
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import Jsobj, Keys, edited
from doctor_scene import Scene, rewriting
from doctor_servers import between
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, TENANTS, Rgw
from meddler import Answer, Passing, meddling

SWIFT = "swift"
PROVED = ("swift-api", "swift-round-trip", "fsspec", "public-read", "clean-up")
NO_KEYS = "no S3 keys: the Swift API is tested instead"


@dataclass
class Place:
    """A HOME with such a login; ``keys`` are those of its user at Keystone, ``account`` is Swift's URL."""

    jsobj: Jsobj
    keys: Keys
    cloud: Cloud
    account: str

    def doctor(self, *words: str, code: int = 0) -> dict[str, dict[str, object]]:
        document = self.jsobj("doctor", "--json", *words, code=code).json
        return {check["id"]: check for check in document["checks"]}

    def containers(self) -> set[str]:
        return {item["name"] for item in self._account()[1]}

    def account_has_key(self) -> bool:
        """Whether somebody has made a key for temporary URLs, in the account."""
        return any(name.startswith("x-account-meta-temp-url-key") for name in self._account()[0])

    def _account(self) -> tuple[dict[str, str], list[dict[str, str]]]:
        import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

        token = self.cloud.keystone_token("alice")
        with contextlib.closing(swiftclient.Connection(preauthurl=self.account, preauthtoken=token)) as connection:
            found: tuple[dict[str, str], list[dict[str, str]]] = connection.get_account(full_listing=True)
        return found


@pytest.fixture(params=(SWIFT, GLOBAL, TENANTS))
def place(request: pytest.FixtureRequest, cloud: Cloud, tmp_path: Path) -> Iterator[Place]:
    """On Swift, and on Ceph RGW with names that all projects share and with names of each project's own."""
    jsobj = Jsobj(tmp_path / "home", cloud.secrets)
    if request.param == SWIFT:
        region, account = cloud.region, cloud.swift_url
    else:
        rgw: Rgw = request.getfixturevalue("rgw")
        gateway = request.getfixturevalue("published")(rgw, request.param)
        region, account = gateway.region, gateway.swift_url(cloud.status.projects["demo"])
    cloud.sweep("alice", account)
    jsobj("login", edited(cloud, jsobj, "app-cred-restricted", (cloud.region, region)), "--as", "portal")
    yield Place(jsobj, Keys(cloud, "alice"), cloud, account)
    jsobj.check_no_secret_leaked()


@pytest.fixture
def published(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    """A gateway in the catalogue until the test ends."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda rgw, region: stack.enter_context(rgw.published(region))


def statuses(checks: dict[str, dict[str, object]]) -> dict[str, object]:
    return {name: check["status"] for name, check in checks.items()}


def test_all_green_nothing_left_and_no_key_made(place: Place) -> None:
    before, files = place.containers(), place.jsobj.snapshot()
    checks = place.doctor("--strict")
    found = statuses(checks)
    assert {name for name, status in found.items() if status not in ("PASS", "SKIP")} == set()
    assert {name: found[name] for name in PROVED} == dict.fromkeys(PROVED, "PASS")
    s3 = ("profile", "s3-dns", "s3-server", "s3-signature", "endpoint", "ec2-key", "round-trip", "checksums", "s3fs")
    assert {checks[name]["evidence"]["found"] for name in s3} == {NO_KEYS}  # type: ignore[index]
    assert place.containers() == before
    assert place.keys.new == place.keys.gone == set()
    assert place.jsobj.snapshot() == files


def test_nobody_is_sent_for_keys_that_keystone_refuses(place: Place) -> None:
    document = place.jsobj("doctor", "--json").json
    assert "ec2-creds" not in json.dumps([check["hint"] for check in document["checks"]])


def test_a_temporary_url_is_tried_where_the_container_may_have_a_key(place: Place) -> None:
    told = place.doctor("swift-round-trip")["swift-round-trip"]["evidence"]["temporary URL"]  # type: ignore[index]
    if place.account == place.cloud.swift_url or place.account_has_key():
        assert re.fullmatch(r"\d+ ms", told)
    else:  # Ceph keeps the key in the account, which is not the doctor's to change; other tests may have made one
        assert told == "not tried: there is no key to sign with, and the doctor makes none in your account"


def test_a_container_of_the_users_keeps_what_is_in_it(place: Place) -> None:
    name = f"doctor-guest-{uuid.uuid4().hex[:8]}"
    place.jsobj("bucket", "create", f"swift://{name}")
    mine = place.jsobj.folder / "mine"
    mine.write_text("mine")
    place.jsobj("upload", mine, f"swift://{name}/")
    try:
        found = statuses(place.doctor("--bucket", f"swift://{name}"))
        assert found["swift-round-trip"] == found["fsspec"] == found["clean-up"] == "PASS"
        assert found["public-read"] == "SKIP"
        assert place.jsobj("ls", f"swift://{name}/", "--json").json["items"][0]["key"] == "mine"
        assert len(place.jsobj("ls", f"swift://{name}/", "--json").json["items"]) == 1
    finally:
        place.jsobj("bucket", "delete", f"swift://{name}", "--recursive", "--yes")


def test_variables_alone_are_enough(place: Place) -> None:
    """As a CI job has them: the program that tries fsspec inherits them."""
    rc = (place.jsobj.folder / "edited.sh").read_text()
    pairs = (line.removeprefix("export ").partition("=") for line in rc.splitlines() if line.startswith("export OS_"))
    place.jsobj.variables |= {name: shlex.split(value)[0] for name, _, value in pairs}
    place.jsobj.clouds.unlink()
    place.jsobj.secure.unlink()
    (place.jsobj.home / ".local/state/jsobj/ledger.json").unlink()
    checks = place.doctor("--from-env", "--strict")
    assert {name: checks[name]["status"] for name in PROVED} == dict.fromkeys(PROVED, "PASS")
    assert checks["fsspec"]["evidence"]["with"] == "the environment"  # type: ignore[index]
    assert place.keys.new == set()


def test_people_see_that_all_is_green_and_one_reason(place: Place) -> None:
    out = place.jsobj("doctor").out
    words = " ".join(out.split())
    assert re.search(r"PASS All green \d+ passed, \d+ skipped", words)
    assert words.count(NO_KEYS) == 1
    assert "s3-signature" not in out  # skips are counted, not listed
    assert max(map(len, out.splitlines())) <= 80


def test_the_help_desk_reads_who_where_and_with_what(place: Place) -> None:
    path = place.jsobj.folder / "report.html"
    about = place.jsobj("doctor", "swift", "--json", "--report", path).json["about"]
    assert (about["cloud"], about["user"], about["project"]) == ("portal", "alice", "demo")
    assert about["swift_url"] == place.account.rstrip("/")
    assert about["s3_url"] == re.match("https?://[^/]+", place.account)[0]  # type: ignore[index]
    assert about["python"].startswith("3.")
    assert about["digests"].startswith(("MD5 of 16 streams at once", "hashlib ("))
    assert {"jsobj", "fsspec", "boto3", "s3fs", "swiftclient"} == {n for n, v in about["versions"].items() if v}
    page = path.read_text()
    for text in ("portal", "alice", about["swift_url"], about["s3_url"], about["system"]):
        assert text in page


def test_over_https_with_an_authority_of_its_own(scene: Scene) -> None:
    """swiftclient and fsspec believe the login's authority, and not another."""
    authority = scene.authority()
    swift = scene.stack.enter_context(between(scene.cloud.s3_endpoint, context=authority.context()))
    scene.keystone_through(rewriting(scene.cloud.s3_endpoint, swift))
    scene.edit(scene.jsobj.clouds, "    auth:\n", f"    cacert: {authority.path}\n    auth:\n")
    checks = {check["id"]: check for check in scene.jsobj("doctor", "round-trip", "--json").json["checks"]}
    assert checks["swift-round-trip"]["status"] == checks["fsspec"]["status"] == "PASS"


def test_ctrl_c_before_the_answer_leaves_no_container(scene: Scene) -> None:
    made, stopped = threading.Event(), threading.Event()

    def hold(passing: Passing) -> Answer:
        answer = passing.ask()
        if passing.method == "PUT" and re.search(r"/jsobj-doctor-[0-9a-f]+$", passing.path) and not made.is_set():
            made.set()
            stopped.wait(60)
        return answer

    def left() -> set[str]:
        names = {bucket["Name"] for bucket in scene.s3().list_buckets()["Buckets"]}
        return {name for name in names if name.startswith("jsobj-doctor-")}

    with meddling(scene.cloud.s3_endpoint) as meddler:
        meddler.spoil = hold
        scene.keystone_through(rewriting(scene.cloud.s3_endpoint, meddler.origin))
        process = scene.jsobj.start("doctor", "swift-round-trip")
        try:
            assert made.wait(60)
            assert len(left()) == 1
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            stopped.set()
    assert left() == set()
