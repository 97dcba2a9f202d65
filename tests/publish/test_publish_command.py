"""``jsobj publish`` on both servers: what is written, what is left alone, and what somebody without a login gets."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from typing import Any

import pytest
from publish_scene import HOSTILE, Scene, fetched

FILES = {"data/run_1.nc": b"1" * 1000, "data/raw/a.txt": b"hello", "data/raw/deep/b.csv": b"x\n", "other": b"o"}
PAGES = ["data/raw/deep/index.html", "data/raw/index.html", "data/index.html"]


def rows(page: bytes) -> list[list[Any]]:
    found = re.search(rb'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return list(json.loads(found[1]))


def test_pages_are_written_proven_kept_and_removed(scene: Scene) -> None:
    scene.fill(FILES)
    done = scene.publish("--title", "My <results>").json
    assert (sorted(done["written"]), done["unchanged"], done["objects"]) == (sorted(PAGES), 0, 3)
    assert done["written"][-1] == "data/index.html"
    assert set(done["urls"]) == ({"swift"} if scene.ground == "swift" else {"s3", "swift"})
    for url in done["urls"].values():
        page, headers = fetched(url)
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert headers["cache-control"] == "no-cache"
        assert b"My &lt;results&gt;</bdi></h1>" in page
        assert [row[:2] for row in rows(page)] == [["raw/", 7], ["run_1.nc", 1000]]
        inner, _ = fetched(url.replace("index.html", "raw/index.html"))
        assert b'<a href="../index.html"><bdi>My &lt;results&gt;</bdi></a>' in inner
    assert len(rows(page)[1][3]) == 64  # the SHA-256
    before = {key: scene.swift.head_object(scene.bucket, key)["last-modified"] for key in scene.names()}
    again = scene.publish().json
    assert (again["written"], again["unchanged"], again["manifest"]["read"]) == ([], 3, 0)
    scene.fill({"data/raw/a.txt": b"other bytes"})
    third = scene.publish().json
    assert sorted(third["written"]) == ["data/index.html", "data/raw/index.html"]
    assert third["manifest"]["read"] == 1
    assert set(before) == set(scene.names())
    assert b"My &lt;results&gt;" in scene.body("data/index.html")
    gone = scene.publish("--remove").json["removed"]
    assert sorted(gone) == sorted(
        [*PAGES, "data/.jsobj/manifest.jsonl", "data/.jsobj/publish.json", "data/MANIFEST.sha256"]
    )
    assert scene.names() == sorted(FILES)
    assert scene.publish("--remove").json["removed"] == []


def test_what_is_not_public_gets_no_page(scene: Scene) -> None:
    scene.fill(FILES)
    scene.jsobj("bucket", "private", scene.bucket)
    error = scene.publish(code=6).error
    assert error["reference"] == "publish-not-public"
    assert error["hint"].endswith(f"jsobj bucket public {scene.bucket}/data")
    assert scene.names() == sorted(FILES)
    assert scene.publish("--dry-run", code=6).error["reference"] == "publish-not-public"
    assert scene.publish(key="nothing", code=5).error["reference"] == "object-not-found"


def test_what_jsobj_has_not_made_is_left_alone(scene: Scene) -> None:
    theirs = {"data/raw/index.html": b"<p>theirs</p>", "data/README.md": b"# Theirs"}
    scene.fill({**FILES, **theirs})
    done = scene.jsobj("publish", f"{scene.bucket}/data", "--no-manifest")
    assert "data/raw/index.html was left as it is" in done.err
    assert {key: scene.body(key) for key in theirs} == theirs
    readme = scene.jsobj.folder / "about.md"
    readme.write_text("# Ours\n")
    assert scene.publish("--readme", str(readme), code=6).error["reference"] == "publish-not-ours"
    scene.fill({"data/index.html": b"<p>theirs</p>"})
    assert scene.publish(code=6).error["reference"] == "publish-not-ours"
    assert scene.publish("--remove").json["removed"] == ["data/raw/deep/index.html", "data/.jsobj/publish.json"]
    assert scene.body("data/index.html") == b"<p>theirs</p>"
    forced = scene.publish("--force", "--readme", str(readme)).json
    assert sorted(forced["written"]) == sorted(set(PAGES) - {"data/raw/index.html"})
    assert scene.body("data/raw/index.html") == theirs["data/raw/index.html"]  # --force is about the first page
    assert scene.body("data/README.md") == b"# Ours\n"
    scene.publish("--remove")
    assert scene.names() == sorted([*FILES, "data/raw/index.html"])


def test_what_a_policy_keeps_from_others_is_not_told(scene: Scene) -> None:
    """Neither on a page nor in a manifest; where the list is closed, it is said that the page has the names."""
    if scene.ground == "swift":  # it opens whole containers, and nothing there can be kept back
        scene.fill(FILES)
        scene.jsobj("bucket", "private", scene.bucket)
        scene.jsobj("bucket", "public", scene.bucket, "--no-list")
        assert "the page tells them the names" in scene.jsobj("publish", f"{scene.bucket}/data").err
        return
    scene.fill({**FILES, "data/raw/secret/patient.txt": b"a name"})
    arn = f"arn:aws:s3:::{scene.bucket}"
    scene.jsobj("bucket", "private", scene.bucket)
    open_ones = [
        f"{arn}/data/{name}" for name in ("index.html", "run_1.nc", "raw/index.html", "raw/a.txt", "raw/deep/*")
    ]
    allowed = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": open_ones}
    file = scene.jsobj.folder / "policy.json"
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    scene.jsobj("bucket", "policy", "set", scene.bucket, str(file))
    before = scene.names()
    for words in ((), ("--depth", "0"), ("--dry-run",)):
        error = scene.publish(*words, code=6).error
        assert error["reference"] == "publish-partly-public"
        assert "secret/patient.txt" in error["message"]
    assert scene.names() == before
    assert scene.publish(key="data/raw/deep").json["objects"] == 1


def test_a_dry_run_writes_nothing(scene: Scene) -> None:
    scene.fill(FILES)
    planned = scene.publish("--dry-run").json["items"]
    assert sorted((each["action"], each["key"]) for each in planned) == [("write", key) for key in sorted(PAGES)]
    assert scene.names() == sorted(FILES)
    scene.publish("--no-manifest")
    assert {each["action"] for each in scene.publish("--dry-run").json["items"]} == {"keep"}
    would = scene.publish("--remove", "--dry-run").json["removed"]
    assert sorted(would) == sorted([*PAGES, "data/.jsobj/publish.json"])
    assert "data/index.html" in scene.names()


def test_a_folder_that_is_gone_loses_its_page_and_depth_too(scene: Scene) -> None:
    scene.fill(FILES)
    scene.publish()
    assert "data/MANIFEST.sha256" in scene.names()
    scene.publish("--no-manifest")
    assert "data/MANIFEST.sha256" not in scene.names()
    scene.swift.delete_object(scene.bucket, "data/raw/deep/b.csv")
    done = scene.publish().json
    assert done["removed"] == ["data/raw/deep/index.html"]
    assert scene.publish("--depth", "0").json["removed"] == ["data/raw/index.html"]
    assert [row[0] for row in rows(scene.body("data/index.html"))] == ["raw/a.txt", "run_1.nc"]
    assert scene.publish().json["written"] == []  # the depth is kept


def test_a_prefix_in_a_prefix_stays_on_its_own(scene: Scene) -> None:
    scene.fill(FILES)
    scene.publish("--title", "Inner", key="data/raw")
    inner = scene.body("data/raw/index.html")
    assert scene.publish("--no-manifest").json["written"] == ["data/index.html"]
    assert scene.body("data/raw/index.html") == inner
    scene.publish("--remove")
    assert scene.body("data/raw/index.html") == inner


def test_hostile_names_are_opened_by_the_links_of_the_page(scene: Scene) -> None:
    contents = {f"da ta/{name}": name.encode() for name in HOSTILE}
    scene.fill(contents)
    url = next(iter(scene.publish("--no-manifest", "--depth", "0", key="da ta/").json["urls"].values()))
    page, _ = fetched(url)
    links = [html.unescape(link) for link in re.findall(r'<a href="(\./[^"]*)"', page.decode())]
    assert len(links) == len(HOSTILE)
    base = url.removesuffix("index.html")
    assert {fetched(base + link.removeprefix("./"))[0] for link in links} == {name.encode() for name in HOSTILE}


def test_the_manifest_is_read_by_sha256sum(scene: Scene) -> None:
    scene.fill(FILES)
    url = next(iter(scene.publish().json["urls"].values()))
    nobody = scene.jsobj.folder / "there"
    scene.jsobj("download", url.removesuffix("index.html"), f"{nobody}/")
    done = subprocess.run(
        ["sha256sum", "-c", "MANIFEST.sha256"], cwd=nobody, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["raw/a.txt: OK", "raw/deep/b.csv: OK", "run_1.nc: OK"]


def test_by_python(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    import jsobj

    scene.fill(FILES)
    for name, value in scene.jsobj.environment().items():
        monkeypatch.setenv(name, value)
    connection = jsobj.connect(cloud="data")
    done = connection.publish(f"{scene.bucket}/data", title="By Python", readme="# Hello\n", manifest=False)
    assert (sorted(done.keys("write")), done.objects, done.manifest) == (sorted(PAGES), 4, None)
    for url in done.urls.values():
        assert b"By Python</bdi></h1>" in fetched(url)[0]
    assert set(connection.unpublish(f"{scene.bucket}/data/")) >= {"data/README.md", *PAGES}
    assert scene.names() == sorted(FILES)


@pytest.mark.parametrize("when", ["write", "remove"])
def test_killed_in_the_middle_it_is_mended_by_the_next_run(scene: Scene, when: str) -> None:
    """The process ends with its first change of a page; then the same command makes what it always makes."""
    scene.fill(FILES)
    scene.publish("--title", "T")
    whole = {key: scene.body(key) for key in scene.names()}
    if when == "write":
        scene.publish("--remove")
    words = ["publish", f"{scene.bucket}/data", *(["--title", "T"] if when == "write" else ["--remove"])]
    program = (
        "import os, sys, threading, jsobj.store.s3.store as s3, jsobj.store.swift.store as swift\n"
        "from jsobj.cli.main import run\n"
        "one = threading.Lock()\n"
        "for kind in (s3.S3Store, swift.SwiftStore):\n"
        "    for name in ('put', 'delete'):\n"
        "        def wrapped(self, key, *rest, old=getattr(kind, name), **more):\n"
        "            if not key.endswith('index.html'): return old(self, key, *rest, **more)\n"
        "            with one:\n"
        "                old(self, key, *rest, **more)\n"
        "                os._exit(9)\n"
        "        setattr(kind, name, wrapped)\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], env=scene.jsobj.environment(), timeout=100, check=False
    )
    assert done.returncode == 9
    assert scene.names() not in (sorted(FILES), sorted(whole))
    if when == "write":
        scene.publish("--title", "T")
        assert {key: scene.body(key) for key in scene.names() if "/.jsobj/" not in key} == {
            key: data for key, data in whole.items() if "/.jsobj/" not in key
        }
    else:
        scene.publish("--remove")
        assert scene.names() == sorted(FILES)
