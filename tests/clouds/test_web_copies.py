"""From a plain web server into buckets and folders: in parts, changed meanwhile, cut off, and by lists of URLs."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_web import Copier
from published import FILES, write
from web_server import WHEN, WebServer

from jsobj.errors import JsobjError
from jsobj.net.body import BytesSink
from jsobj.net.retry import RetryPolicy
from jsobj.store.foreign.web.store import WebStore
from jsobj.urls import parse_url

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
from fault_proxy import Answer, Rule, fault_proxy

LARGE = os.urandom(12_000_000)
PARTS = ("--part-size", "5M")


@pytest.fixture(name="large", scope="module")
def _large(web: WebServer) -> str:
    web.write("copies/large.bin", LARGE)
    web.write("copies/in/a.txt", b"aa")
    return "copies/large.bin"


def test_a_folder_into_a_bucket(copier: Copier, web: WebServer, large: str) -> None:
    place = copier.place
    done = copier.jsobj("cp", f"{web.secure_url}/index/copies/", place.url("p/"), *PARTS, "--json").json
    assert (done["done"], done["failed"]) == (2, 0)
    assert place.names() == ["p/in/a.txt", "p/large.bin"]
    assert place.body("p/large.bin") == LARGE
    kept = place.witness.head_object(Bucket=place.bucket, Key="p/in/a.txt")
    assert kept["Metadata"]["mtime"] == str(WHEN)
    assert "CacheControl" not in kept
    again = copier.jsobj("sync", f"{web.url}/index/copies/", place.url("p/"), "--json").json
    assert again["done"] == 0
    assert "--processes" in copier.jsobj("sync", web.url, place.url(), "--processes", "2", code=2).err


@pytest.mark.parametrize("kind", ["whole", "bare", "dated", "moved"])
def test_servers_of_other_kinds(one_copier: Copier, web: WebServer, large: str, kind: str) -> None:
    one_copier.jsobj("cp", f"{web.url}/{kind}/{large}", one_copier.place.url("new.bin"), *PARTS)
    assert one_copier.place.body("new.bin") == LARGE


def test_a_sync_from_a_server_that_tells_no_versions_copies_again(one_copier: Copier, web: WebServer) -> None:
    """Of the same size as before it may be another file."""
    jsobj, place = one_copier.jsobj, one_copier.place
    for data in (b"one", b"two", b"two"):
        web.write("unversioned/a.txt", data)
        done = jsobj("sync", f"{web.url}/bare/unversioned/", place.url("p/"), "--json").json
        assert (done["done"], done["decided"], place.body("p/a.txt")) == (1, {}, data)


def test_local_folders_as_urls(one_copier: Copier) -> None:
    jsobj, place = one_copier.jsobj, one_copier.place
    (jsobj.folder / "a b").mkdir()
    (jsobj.folder / "a b/f").write_bytes(b"f")
    url = f"file://{jsobj.folder}/a%20b/"
    jsobj("cp", url, place.url("up/"))
    jsobj("sync", url.replace("file://", "file://localhost"), place.url("same/"))
    assert place.names() == ["same/f", "up/f"]
    jsobj("cp", place.url("up/"), f"file://{jsobj.folder}/down/")
    assert (jsobj.folder / "down/f").read_bytes() == b"f"
    for words in (("file://other/f", place.url()), (url, "file:///tmp/x/"), (url, place.url("f"), place.url("g/"))):
        assert jsobj("cp", *words, "--json", code=2).error["reference"] == "usage"
    assert "DEST is missing" in jsobj("cp", url, code=2).err


# -- faults on the way


@pytest.mark.parametrize("kind", ["index", "dated"])
def test_a_file_that_changes_meanwhile(reader: Jsobj, web: WebServer, kind: str) -> None:
    path = web.write("changing.bin", LARGE)

    def change() -> None:
        path.write_bytes(LARGE[::-1])
        os.utime(path, (WHEN + 60, WHEN + 60))

    with fault_proxy(web.url, [Rule("late", "sent", "GET", "changing", skip=1, also=change)]) as proxy:
        failed = reader("download", f"{proxy.url}/{kind}/changing.bin", "new.bin", *PARTS, "--parallel", "1", code=8)
    assert "object-changed" in failed.err
    assert not (reader.folder / "new.bin").exists()
    reader("download", f"{web.url}/{kind}/changing.bin", "new.bin", *PARTS)
    assert (reader.folder / "new.bin").read_bytes() == LARGE[::-1]


def test_a_connection_that_is_cut_goes_on_where_it_was(reader: Jsobj, web: WebServer, large: str) -> None:
    with fault_proxy(web.url, [Rule("cut", "receiving", "GET", "large", at=3_000_000, skip=1)]) as proxy:
        reader("download", f"{proxy.url}/index/{large}", "new.bin", *PARTS, "--parallel", "1")
        ranges = [one.range for one in proxy.of("GET", path="large")]
    assert (reader.folder / "new.bin").read_bytes() == LARGE
    cut = next(
        int(one.partition("=")[2].partition("-")[0]) for one in ranges if "5000" not in one and "bytes=0-" not in one
    )
    assert cut > 0
    assert len(set(ranges)) == len(ranges)  # nothing was fetched a second time


@pytest.mark.parametrize("kind", ["whole", "bare"])
def test_without_parts_it_begins_anew(reader: Jsobj, web: WebServer, large: str, kind: str) -> None:
    with fault_proxy(web.url, [Rule("cut", "receiving", "GET", "large", at=9_000_000)]) as proxy:
        reader("download", f"{proxy.url}/{kind}/{large}", "new.bin", *PARTS)
    assert (reader.folder / "new.bin").read_bytes() == LARGE
    with fault_proxy(web.url, [Rule("cut", "receiving", "GET", "large", at=9_000_000, times=0)]) as proxy:
        store = WebStore(parse_url(proxy.url)[0], retry=RetryPolicy(tries=1))
        with contextlib.closing(store):
            info = store.head(f"{kind}/{large}")
            assert not store.in_stretches(info)
            with pytest.raises(JsobjError) as caught:
                store.get(info.key, BytesSink(), etag=info.etag)
    assert "begins anew" in caught.value.hint


def _killed(jsobj: Jsobj, words: tuple[str, ...], stall: Rule) -> None:
    """Run a command, and kill it as soon as it has stalled."""
    begun = subprocess.Popen(
        jsobj.command(*words), env=jsobj.environment(), cwd=jsobj.folder, stderr=subprocess.DEVNULL
    )
    stall.wait()
    begun.kill()
    begun.wait()


def test_a_copy_that_is_killed_goes_on(one_copier: Copier, web: WebServer, large: str) -> None:
    jsobj, place = one_copier.jsobj, one_copier.place
    with fault_proxy(web.url) as proxy:
        stall = proxy.add(Rule("stall", "request", "GET", "large", skip=3))
        words = ("cp", f"{proxy.url}/index/{large}", place.url("new.bin"), *PARTS)
        _killed(jsobj, words, stall)
        proxy.clear()
        jsobj(*words)
    assert place.body("new.bin") == LARGE


def test_a_copy_that_goes_on_has_no_part_of_a_version_before(one_copier: Copier, web: WebServer) -> None:
    """The source is replaced after it was listed, where no digest would tell that parts are of two versions."""
    jsobj, place = one_copier.jsobj, one_copier.place
    path = web.write("replaced/large.bin", LARGE)
    new = LARGE[::-1]

    def change() -> None:
        path.write_bytes(new)
        os.utime(path, (WHEN + 60, WHEN + 60))

    with fault_proxy(web.url) as proxy:
        stall = proxy.add(Rule("stall", "request", "GET", "large", skip=3))
        words = ("cp", f"{proxy.url}/index/replaced/large.bin", place.url("new.bin"), *PARTS, "--parallel", "1")
        _killed(jsobj, words, stall)
        proxy.clear()
        proxy.add(Rule("late", "request", "HEAD", "large", skip=2, also=change))
        done = jsobj(*words)
    assert place.body("new.bin") == new
    assert "has changed since it was listed" in done.err
    assert "Uploads" not in place.witness.list_multipart_uploads(Bucket=place.bucket)
    assert jsobj("jobs", "list", "--json").json["items"] == []


def test_a_whole_that_is_cut_is_copied_right(one_copier: Copier, web: WebServer, large: str) -> None:
    place = one_copier.place
    with fault_proxy(web.url, [Rule("cut", "receiving", "GET", "large", at=9_000_000)]) as proxy:
        one_copier.jsobj("cp", f"{proxy.url}/whole/{large}", place.url("new.bin"), *PARTS)
    assert place.body("new.bin") == LARGE


def test_a_folder_that_is_listed_and_not_there(one_copier: Copier, web: WebServer, large: str) -> None:
    """It is not empty: a sync would delete all that the bucket has of it."""
    jsobj, place = one_copier.jsobj, one_copier.place
    place.put("p/in/a.txt", b"aa")
    gone = Rule("answer", "request", "GET", "in/", times=0, answer=Answer(404))
    with fault_proxy(web.url, [gone]) as proxy:
        for words in (("cp",), ("sync", "--delete")):
            failed = jsobj(*words, f"{proxy.url}/index/copies/", place.url("p/"), "--json", code=6).error
            assert failed["reference"] == "web-no-list"
    assert "p/in/a.txt" in place.names()


def test_an_address_with_a_query_is_in_no_journal_and_nothing_stays_behind(
    one_copier: Copier, web: WebServer, large: str
) -> None:
    jsobj, place = one_copier.jsobj, one_copier.place
    path = web.write("asked/large.bin", LARGE)
    web.write("asked/a.txt", b"aa")

    def change() -> None:
        path.write_bytes(LARGE[::-1])
        os.utime(path, (WHEN + 60, WHEN + 60))

    with fault_proxy(web.url) as proxy:
        stall = proxy.add(Rule("stall", "request", "GET", "large", skip=3))
        words = jsobj.command("cp", f"{proxy.url}/index/asked/large.bin?key=k", place.url("new.bin"), *PARTS)
        with subprocess.Popen(words, env=jsobj.environment(), cwd=jsobj.folder, stderr=subprocess.DEVNULL) as begun:
            stall.wait()
            begun.send_signal(signal.SIGINT)
            assert begun.wait(30) == 130
        proxy.clear()
        proxy.add(Rule("late", "sent", "GET", "large", skip=3, also=change))
        jsobj("sync", f"{proxy.url}/index/asked/?key=k", place.url("s/"), *PARTS, code=3)
    assert place.names() == ["s/a.txt"]
    assert "Uploads" not in place.witness.list_multipart_uploads(Bucket=place.bucket)
    assert jsobj("jobs", "list", "--json").json["items"] == []


# -- lists of addresses


def test_a_list_with_and_without_digests(one_copier: Copier, web: WebServer, large: str) -> None:
    jsobj, place = one_copier.jsobj, one_copier.place
    place.put("there/k.txt", b"k")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("in/z.txt", b"z")
    place.put("there/a.zip", archive.getvalue())
    md5, sha256 = (hashlib.new(name, LARGE).hexdigest() for name in ("md5", "sha256"))
    web.write("listed/other.bin", LARGE)
    (jsobj.folder / "urls.txt").write_text(
        f"# a list\n\n{web.url}/index/copies/in/a.txt\n{md5}  {web.url}/index/{large}\n"
        f"{sha256} *{web.secure_url}/whole/listed/other.bin\n{place.url('there/k.txt')}\n"
        f"{place.url('there/a.zip!/in/z.txt')}\n"
    )
    done = jsobj("cp", "--urls-from", "urls.txt", place.url("new/"), *PARTS, "--json").json
    assert (done["done"], done["failed"]) == (5, 0)
    assert done["verified"] >= 2
    assert [name for name in place.names() if name.startswith("new/")] == [
        f"new/{name}" for name in ("a.txt", "k.txt", "large.bin", "other.bin", "z.txt")
    ]
    assert place.body("new/other.bin") == LARGE
    jsobj("download", "--urls-from", "-", "here/", *PARTS, stdin=jsobj.folder / "urls.txt")
    assert (jsobj.folder / "here/large.bin").read_bytes() == LARGE
    assert len(list((jsobj.folder / "here").iterdir())) == 5


def test_a_list_with_wrong_digests_and_what_is_not_there(one_copier: Copier, web: WebServer, large: str) -> None:
    jsobj, place = one_copier.jsobj, one_copier.place
    web.write("listed/other.bin", LARGE)
    (jsobj.folder / "urls.txt").write_text(
        f"{'0' * 32}  {web.url}/index/{large}\n{'0' * 64}  {web.url}/index/listed/other.bin\n"
        f"{web.url}/index/copies/nothing\n{web.url}/index/copies/in/a.txt\n"
    )
    for target in (place.url("new/"), "./here/"):
        failed = jsobj("cp", "--urls-from", "urls.txt", target, *PARTS, code=3)
        assert "bytes-differ" in failed.err
        assert "object-not-found" in failed.err
        assert "3 failed" in failed.err
        for kind, length in (("md5", 32), ("sha256", 64)):
            came = hashlib.new(kind, LARGE).hexdigest()
            assert f": the list says {kind} {'0' * length}, and what came has {came} [" in failed.err
        assert "correct the list" in failed.err
        assert "proxy" not in failed.err
    assert place.names() == ["new/a.txt"]
    assert [path.name for path in (jsobj.folder / "here").iterdir()] == ["a.txt"]


def test_lists_that_are_refused_before_anything_is_done(one_copier: Copier, web: WebServer, large: str) -> None:
    jsobj, place = one_copier.jsobj, one_copier.place
    good = f"{web.url}/index/{large}"
    for text, reference, said in (
        (f"{good}\n{web.secure_url}/index/{large}\n", "sources-meet", "line 2"),
        (f"{good}\nfile\n", "urls-line", "line 2"),
        (f"{good}\n{web.url}/index/copies/\n", "urls-line", "line 2"),
        (f"{'0' * 40}  {good}\n", "urls-line", "line 1"),
        ("# nothing\n", "urls-line", "names nothing"),
    ):
        (jsobj.folder / "urls.txt").write_text(text)
        error = jsobj("cp", "--urls-from", "urls.txt", place.url(), "--json", code=2).error
        assert (error["reference"], said in error["message"]) == (reference, True)
    (jsobj.folder / "urls.txt").write_text(f"{good}\n")
    for words in ((place.url("x"),), ("s3://b/k", place.url()), (place.url(), "--dask", "tcp://127.0.0.1:1"), ()):
        assert jsobj("cp", "--urls-from", "urls.txt", *words, "--json", code=2).error
    assert jsobj("cp", "--urls-from", "none.txt", place.url(), "--json", code=9).error["reference"] == "list-unreadable"
    assert place.names() == []


# -- what jsobj published, copied to a plain web server


@pytest.mark.parametrize("kind", ["index", "none"])
def test_a_page_of_ours_tells_what_is_there(one_copier: Copier, web: WebServer, kind: str) -> None:
    jsobj, place = one_copier.jsobj, one_copier.place
    if not (web.root / "site").exists():
        write(web.root / "site")
    names = sorted(["MANIFEST.sha256", *FILES])
    for form in ("run", "run/", "run/index.html", "run/index.html?utm_source=mail#search=a"):
        url = f"{web.url}/{kind}/site/{form}"
        assert jsobj("ls", url).lines == ["MANIFEST.sha256", "a.txt", "in/"]
        assert jsobj("ls", "-r", url).out.count("\n") == 3
    url = f"{web.url}/{kind}/site/run"
    assert jsobj("ls", f"{url}/in/").lines == ["ü b%20.txt"]
    assert jsobj("verify", f"{url}/", "--manifest", "--extra").err == "2 same\n"
    done = jsobj("cp", f"{url}/index.html", place.url("run/"), "--json").json
    assert (done["done"], done["verified"]) == (3, 2)
    assert place.names() == [f"run/{name}" for name in names]
    jsobj("download", f"{url}/", "run/")
    assert (jsobj.folder / "run/in/ü b%20.txt").read_bytes() == b"bb"
    (web.root / "site/run/a.txt").write_bytes(b"b")
    try:
        failed = jsobj("cp", f"{url}/", place.url("again/"), code=3)
    finally:
        (web.root / "site/run/a.txt").write_bytes(b"a")
    assert "bytes-differ" in failed.err
    assert "again/a.txt" not in place.names()


def test_public_data_at_amazon_by_an_address_whose_host_has_the_bucket(one_copier: Copier, moto: str) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=moto, aws_access_key_id="a", aws_secret_access_key="s", region_name="x")
    client.create_bucket(Bucket="open-data", CreateBucketConfiguration={"LocationConstraint": "x"})
    client.put_object(Bucket="open-data", Key="2024/a b.nc", Body=LARGE, ACL="public-read")
    jsobj, place = one_copier.jsobj, one_copier.place
    host = "s3.us-west-2.amazonaws.com"
    address = f"http://open-data.{host}"
    with fault_proxy(moto) as proxy:
        proxy.names[host] = moto.removeprefix("http://")
        own = {"http_proxy": proxy.url, "JSOBJ_ALLOW_HTTP": "1"}
        assert jsobj("ls", f"{address}/2024/", env=own).out == "a b.nc\n"
        jsobj("cp", f"{address}/2024/", place.url("goes/"), *PARTS, env=own)
        asked = {(one.place, one.path.split("/")[1]) for one in proxy.journal}
    assert place.body("goes/a b.nc") == LARGE
    assert asked == {(host, "open-data")}
