"""``jsobj presign``: a URL that works for anybody, for what it says, and until it says."""

from __future__ import annotations

import http.client
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from objects_scene import Scene


def ask(url: str, method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
    """Without any login, by the standard library."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request(method, f"{parts.path}?{parts.query}", body=body or None)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.fixture(name="made")
def _made(scene: Scene) -> Scene:
    """Over Swift, the container gets the key that URLs are signed with."""
    if scene.dialect == "swift":
        scene.swift.post_container(scene.bucket, {"X-Container-Meta-Temp-URL-Key": "0123456789abcdef"})
    return scene


@pytest.mark.parametrize("key", ["x", "dir/sp ace+per%41", "ünï#?&=x"])
def test_get(made: Scene, key: str) -> None:
    made.fill({key: b"content", "other": b"secret"})
    url = made("presign", made.url(key)).out.strip()
    assert ask(url) == (200, b"content")
    assert ask(url, "PUT", b"new")[0] in {401, 403}
    assert ask(url, "DELETE")[0] in {401, 403}
    assert ask(url.replace(urlsplit(url).path, urlsplit(url).path[: -len("x")] + "y"))[0] in {401, 403}
    assert made.swift.get_object(made.bucket, key)[1] == b"content"


def test_put(made: Scene) -> None:
    url = made("presign", made.url("inbox/x"), "--method", "PUT").out.strip()
    assert ask(url, "PUT", b"data")[0] in {200, 201}
    assert made.swift.get_object(made.bucket, "inbox/x")[1] == b"data"


def test_the_document(made: Scene) -> None:
    before = datetime.now(timezone.utc)
    document = made("presign", made.url("x"), "--expires", "2h", "--json").json
    assert document["schema"] == "jsobj.presigned/1"
    assert (document["method"], document["object"]) == ("GET", made.url("x"))
    end = datetime.fromisoformat(document["expires"].replace("Z", "+00:00"))
    assert timedelta(hours=2) - timedelta(seconds=2) <= end - before <= timedelta(hours=2, minutes=2)


@pytest.mark.parametrize("text", ["0h", "-1h", "soon", "2001-01-01"])
def test_lengths_that_are_none(made: Scene, text: str) -> None:
    assert made("presign", made.url("x"), f"--expires={text}", "--json", code=2).error["message"]


@pytest.mark.parametrize("scene", ["s3"], indirect=True)
def test_more_than_seven_days_are_refused_over_s3(scene: Scene) -> None:
    assert scene("presign", scene.url("x"), "--expires", "7d").out
    assert "7" in scene("presign", scene.url("x"), "--expires", "8d", "--json", code=2).error["message"]


def test_one_object_is_wanted(made: Scene) -> None:
    assert made("presign", made.url("dir/"), "--json", code=2).error["reference"] == "location-grammar"


def test_without_a_key_over_swift_it_says_how_to_make_one(scene: Scene) -> None:
    if scene.dialect == "s3":
        assert scene("presign", scene.url("x"), "--make-key", "--json", code=2).error["reference"] == "usage"
        return
    scene.fill({"x": b"content"})
    error = scene("presign", scene.url("x"), "--json", code=6).error
    assert "--make-key" in error["hint"]
    url = scene("presign", scene.url("x"), "--make-key").out.strip()
    assert ask(url) == (200, b"content")
    assert scene("presign", scene.url("x")).out
