"""The road without keys, broken: what swiftclient and fsspec meet on the way to Swift, and a stranger at ``swift://``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doctor_scene import Scene, Table, judge
from doctor_servers import Answered, Asked

table = Table()

CONTAINER = r"/v1/[^/?]+/jsobj-doctor-[0-9a-f]+"


def _refuse(status: int, method: str, path: str):  # type: ignore[no-untyped-def]
    """Refuse such requests after they were done, so that what must go goes."""

    def change(asked: Asked, answered: Answered) -> None:
        if asked.method == method and re.fullmatch(CONTAINER + path, asked.path):
            answered.becomes(status, b"made by a test", Content_Type="text/plain")

    return change


@table.row("swift-round-trip", "FAIL", "does not allow this", write=True)
def role_that_may_only_look(scene: Scene) -> None:
    scene.swift_through(_refuse(403, "PUT", ""))


@table.row("swift-round-trip", "FAIL", "the step 'put' failed: HTTP 413", write=True)
def no_room_for_an_object(scene: Scene) -> None:
    scene.swift_through(_refuse(413, "PUT", "/small"))


@table.row("swift-round-trip", "FAIL", "the step 'put' failed: HTTP 422", write=True)
def bytes_changed_on_the_way_there(scene: Scene) -> None:
    """The server itself compares what came with the MD5 that was sent along."""

    def before(asked: Asked) -> None:
        if asked.method == "PUT" and asked.path.endswith("/small"):
            asked.body = bytes([asked.body[0] ^ 1]) + asked.body[1:]

    scene.swift_through(lambda asked, answered: None, before=before)


def _damage(name: str):  # type: ignore[no-untyped-def]
    def change(asked: Asked, answered: Answered) -> None:
        if asked.method == "GET" and re.fullmatch(CONTAINER + name, asked.path) and answered.status in (200, 206):
            answered.body = bytes([answered.body[0] ^ 1]) + answered.body[1:]

    return change


@table.row("swift-round-trip", "FAIL", "not the 65536 bytes sent", write=True)
def bytes_changed_on_the_way_back(scene: Scene) -> None:
    scene.swift_through(_damage("/small"))


@table.row("swift-round-trip", "FAIL", "the step 'range' failed: a range was asked for", write=True)
def ranges_ignored(scene: Scene) -> None:
    def before(asked: Asked) -> None:
        asked.headers = {name: value for name, value in asked.headers.items() if name.lower() != "range"}

    scene.swift_through(lambda asked, answered: None, before=before)


@table.row("swift-round-trip", "FAIL", "the step 'segments' failed: HTTP 400", write=True)
def large_objects_not_offered(scene: Scene) -> None:
    scene.swift_through(_refuse(400, "PUT", r"/large\?multipart-manifest=put"))


@table.row("swift-round-trip", "FAIL", "the step 'segments' failed: 16 bytes came back", write=True)
def large_object_with_other_bytes(scene: Scene) -> None:
    scene.swift_through(_damage("/large"))


@table.row("swift-round-trip", "FAIL", "3 objects are listed instead of the 4", write=True)
def object_that_is_gone_again(scene: Scene) -> None:
    import urllib.request

    gone: set[str] = set()

    def before(asked: Asked) -> None:
        container = asked.path.partition("?")[0]
        if asked.method == "GET" and re.fullmatch(CONTAINER, container) and container not in gone:
            gone.add(container)
            token = {name: value for name, value in asked.headers.items() if name.lower() == "x-auth-token"}
            url = f"{scene.cloud.s3_endpoint}{container}/large"
            urllib.request.urlopen(urllib.request.Request(url, method="DELETE", headers=token), timeout=30).close()

    scene.swift_through(lambda asked, answered: None, before=before)


@table.row("swift-round-trip", "FAIL", "the step 'copy' failed: HTTP 405", write=True)
def copying_not_allowed(scene: Scene) -> None:
    scene.swift_through(_refuse(405, "COPY", "/small"))


@table.row("swift-round-trip", "FAIL", "the temporary address answers 401", write=True)
def temporary_urls_refused(scene: Scene) -> None:
    scene.swift_through(_refuse(401, "GET", r"/folder/copy\?temp_url_sig=.*"))


@table.row("swift-round-trip", "FAIL", "request id", write=True)
def store_fails_while_deleting(scene: Scene) -> None:
    scene.swift_through(_refuse(404, "DELETE", "/small"))


@table.row("fsspec", "FAIL", "fails where swiftclient works", write=True)
def bytes_changed_on_the_way_to_fsspec(scene: Scene) -> None:
    """jsobj's filesystem compares digests, so that it does not hand them out as data."""
    scene.swift_through(_damage("/fsspec"))


STRANGER = """
from fsspec.spec import AbstractFileSystem
class SWIFTFileSystem(AbstractFileSystem):
    protocol = "swift"
"""


def _installed_first(scene: Scene, name: str, version: str, entry_points: str) -> Path:
    """A package that Python finds before the others: of two with one protocol, fsspec takes the first."""
    told = scene.folder / name / f"{name}-{version}.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (told / "entry_points.txt").write_text(entry_points)
    scene.export(PYTHONPATH=f"{told.parent}:{scene.jsobj.environment()['PYTHONPATH']}")
    return told.parent


def _stranger(scene: Scene) -> None:
    """PyPI's ``swiftspec``, as fsspec sees it."""
    folder = _installed_first(scene, "swiftspec", "0.0.2", "[fsspec.specs]\nswift = swiftspec:SWIFTFileSystem\n")
    (folder / "swiftspec.py").write_text(STRANGER)


@table.row("fsspec", "WARN", "answered by the package swiftspec", write=True)
def another_package_answers_swift_urls(scene: Scene) -> None:
    _stranger(scene)


@table.row("fsspec", "FAIL", "Protocol not known: jsobj+swift", write=True)
def filesystem_that_is_not_installed(scene: Scene) -> None:
    """As where only the source is on the path, or an older jsobj is installed."""
    _installed_first(scene, "jsobj", "0.0.1", "")


@table.row("doctors", "WARN", "stopped by force")
def container_of_a_killed_doctor(scene: Scene) -> None:
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    token = scene.cloud.keystone_token("alice")
    swift = swiftclient.Connection(preauthurl=scene.cloud.swift_url, preauthtoken=token)
    swift.put_container("jsobj-doctor-0123456789ab")
    scene.stack.callback(swift.close)
    scene.stack.callback(swift.delete_container, "jsobj-doctor-0123456789ab")
    scene.words += ["swift", "leftovers"]
    for path in (scene.jsobj.credentials, scene.jsobj.config):
        path.unlink()
    scene.edit_ledger(lambda book: book["clouds"][0].update(profile=""))


@table.row("clean-up", "FAIL", "is not empty", write=True)
def container_cannot_be_removed(scene: Scene) -> None:
    held: set[str] = set()

    def before(asked: Asked) -> None:
        if asked.method == "DELETE" and re.fullmatch(CONTAINER, asked.path):
            if not held:
                scene.stack.callback(scene.s3().delete_bucket, Bucket=asked.path.rpartition("/")[2])
            held.add(asked.path)
            asked.method = "HEAD"

    def change(asked: Asked, answered: Answered) -> None:
        if asked.path in held and asked.method == "HEAD":
            answered.becomes(409)

    scene.swift_through(change, before=before)


@pytest.mark.parametrize("fault", table.rows, ids=table.names)
def test_fault(fault, scene: Scene) -> None:
    """``judge`` asserts: exactly this check fails, with these words, and says what to do."""
    judge(fault, scene)
    left = [b["Name"] for b in scene.s3().list_buckets()["Buckets"] if b["Name"].startswith("jsobj-doctor-")]
    allowed = {"clean-up": 1, "doctors": 1}.get(fault.expected, 0)
    assert len(left) <= allowed, left


def test_the_hint_about_a_stranger_works(scene: Scene) -> None:
    """What it tells one to write is read by jsobj whoever has ``swift://``."""
    _stranger(scene)
    hint = {c["id"]: c["hint"] for c in scene.jsobj("doctor", "fsspec", "--json").json["checks"]}["fsspec"]
    assert hint == "write jsobj+swift:// instead of swift://, or: python -m pip uninstall swiftspec"
    lines = "import fsspec; print(fsspec.get_filesystem_class({!r}).__module__.partition('.')[0])"
    for protocol, owner in (("swift", "swiftspec"), ("jsobj+swift", "jsobj")):
        assert scene.jsobj.tool("python", "-c", lines.format(protocol)).out.strip() == owner


def test_a_stranger_that_loses_is_named(scene: Scene) -> None:
    _stranger(scene)
    _installed_first(scene, "early", "1", "[fsspec.specs]\nswift = jsobj.fs.SwiftFileSystem\n")
    checks = {check["id"]: check for check in scene.jsobj("doctor", "fsspec", "--json").json["checks"]}
    assert checks["fsspec"]["status"] == "PASS"
    assert checks["fsspec"]["evidence"]["found"].endswith("at swift://, where jsobj comes before swiftspec")
