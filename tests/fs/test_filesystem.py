"""The filesystem where fsspec's own tests do not look: what is not there, what others change, processes, threads."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fixtures_cloud import Cloud
from fs_scene import BOTH, CLOUD, Road

from jsobj.errors import JsobjError
from jsobj.fs import SwiftFileSystem


@pytest.fixture
def fs(road: Road) -> Any:
    return road.filesystem()


# -- what is there


def test_what_is_told_of_an_object(road: Road, fs: Any) -> None:
    road.put("a/b.nc", b"12345")
    entry = fs.info(road.url("a/b.nc"))
    assert (entry["name"], entry["size"], entry["type"]) == (f"{road.bucket}/a/b.nc", 5, "file")
    assert entry["ETag"] == "827ccb0eea8a706c4c34a16891f84e7b"
    for moment in (fs.created(road.url("a/b.nc")), fs.modified(road.url("a/b.nc"))):
        assert abs(datetime.now(timezone.utc) - moment) < timedelta(hours=1)
    assert fs.du(road.url("a")) == 5
    assert fs.isfile(road.url("a/b.nc"))
    assert fs.isdir(road.url("a"))
    assert fs.isdir(road.bucket)


def test_walk_glob_and_find_see_the_same_files(road: Road, fs: Any) -> None:
    for key in ("x.nc", "sub/y.nc", "sub/deep/z.txt", "other/x.nc"):
        road.put(key, key.encode())
    found = sorted(f"{folder}/{name}" for folder, _, names in fs.walk(road.bucket) for name in names)
    assert found == fs.find(road.bucket) == [f"{road.bucket}/{key}" for key in sorted(road.names())]
    assert fs.glob(f"{road.bucket}/s*/*.nc") == [f"{road.bucket}/sub/y.nc"]
    assert fs.glob(f"{road.bucket}/**/x.nc") == [f"{road.bucket}/other/x.nc", f"{road.bucket}/x.nc"]
    folders = fs.find(f"{road.bucket}/sub", withdirs=True)
    assert folders == [f"{road.bucket}/sub{end}" for end in ("", "/deep", "/deep/z.txt", "/y.nc")]
    assert fs.find(road.bucket, maxdepth=1) == [f"{road.bucket}/x.nc"]
    assert fs.ls(f"{road.bucket}/x.nc", detail=False) == [f"{road.bucket}/x.nc"]


def test_the_empty_object_of_a_folder_is_the_folder(road: Road, fs: Any) -> None:
    road.put("portal/", b"")
    assert fs.isdir(road.url("portal"))
    assert fs.ls(road.url("portal")) == []
    assert fs.find(road.url("portal")) == []
    fs.pipe_file(road.url("portal/x"), b"1")
    fs.rm(road.url("portal"), recursive=True)
    assert road.names() == []


def test_what_is_not_there(road: Road, fs: Any, tmp_path: Path) -> None:
    calls = [fs.info, fs.ls, fs.cat_file, fs.modified, fs.checksum, fs.open, fs.rm, partial(fs.rm, recursive=True)]
    calls += [lambda path: fs.get_file(path, str(tmp_path / "x")), lambda path: fs.cp_file(path, road.url("copy"))]
    calls += [lambda path: fs.cat_file(path, 1, 2)]
    for place in (road.url("nothing"), f"{road.protocol}://{road.bucket}-nowhere/key"):
        for call in calls:
            with pytest.raises(FileNotFoundError) as caught:
                call(place)
            assert caught.value.errno == errno.ENOENT
        assert not fs.exists(place)
        assert not fs.isfile(place)
        assert not fs.isdir(place)
    assert not (tmp_path / "x").exists()
    assert fs.find(road.url("nothing")) == []


@BOTH
def test_what_is_forbidden_is_not_taken_for_missing(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the login the bucket is there, and shut: no library may read that as an empty folder."""
    road.put("shut/x", b"1")
    options: dict[str, Any] = {"endpoint": road.account} if road.account else {}
    stranger = road.filesystem(unsigned=True, **options)
    calls = [stranger.exists, stranger.isfile, stranger.isdir, stranger.find, stranger.cat_file]
    for call in [*calls, lambda path: list(stranger.walk(path))]:
        with pytest.raises(JsobjError) as caught:
            call(road.url("shut"))
        assert caught.value.code in {4, 6}


# -- caches


def test_own_writes_are_seen_at_once(road: Road, fs: Any) -> None:
    folder = road.url("folder")
    fs.pipe_file(f"{folder}/a", b"1")
    assert len(fs.ls(folder)) == 1
    with fs.open(f"{folder}/b", "wb") as file:
        file.write(b"22")
    assert len(fs.ls(folder)) == 2
    fs.cp_file(f"{folder}/a", f"{folder}/c")
    assert len(fs.ls(folder)) == 3
    fs.pipe_file(f"{folder}/a", b"333")
    assert fs.info(f"{folder}/a")["size"] == 3
    assert fs.cat_file(f"{folder}/a", 1, 3) == b"33"
    fs.mv(f"{folder}/a", f"{folder}/d")
    assert [entry["name"].rpartition("/")[2] for entry in fs.ls(folder)] == ["b", "c", "d"]
    fs.rm(f"{folder}/b")
    assert len(fs.ls(folder)) == 2
    fs.rm(folder, recursive=True)
    assert not fs.exists(folder)
    assert fs.ls(road.bucket) == []


def test_listings_are_remembered_for_a_while_and_on_request_not(road: Road) -> None:
    fs, fresh = road.filesystem(), road.filesystem(use_listings_cache=False)
    assert fs.ls(road.bucket) == fresh.ls(road.bucket) == []
    road.put("new", b"1")
    assert fs.ls(road.bucket) == []
    assert len(fresh.ls(road.bucket)) == len(fs.ls(road.bucket, refresh=True)) == 1


def test_a_range_of_an_object_that_was_replaced_is_of_the_new_one(road: Road, fs: Any) -> None:
    road.put("x", b"first version")
    assert fs.cat_file(road.url("x"), 0, 5) == b"first"
    road.put("x", b"other, and longer")
    assert fs.cat_file(road.url("x"), 7, 17) == b"and longer"


# -- ranges and whole files


def test_ranges_as_slices_name_them(road: Road, fs: Any) -> None:
    road.put("x", b"0123456789")
    path = road.url("x")
    wanted = [(0, 3), (8, 20), (10, 12), (12, 20), (-3, None), (2, -2), (None, 4), (5, 5), (7, None)]
    data = b"0123456789"
    assert [fs.cat_file(path, start, end) for start, end in wanted] == [data[start:end] for start, end in wanted]
    starts, ends = zip(*[(0, 3), (8, 20), (3, 7)], strict=True)
    assert fs.cat_ranges([path] * 3, list(starts), list(ends)) == [b"012", b"89", b"3456"]
    failed = fs.cat_ranges([path, road.url("nothing")], 0, 2)
    assert failed[0] == b"01"
    assert isinstance(failed[1], FileNotFoundError)


def test_large_files_up_and_down(road: Road, fs: Any, tmp_path: Path) -> None:
    data, seen = os.urandom(40 * 1024**2 + 1), []
    (tmp_path / "up.bin").write_bytes(data)

    class Callback(fsspec.callbacks.Callback):
        def call(self, *args: Any, **kwargs: Any) -> None:
            seen.append(self.value)

    fs.put_file(str(tmp_path / "up.bin"), road.url("x"), callback=Callback())
    assert seen[-1] == len(data)
    fs.get_file(road.url("x"), str(tmp_path / "down.bin"), callback=Callback())
    assert (tmp_path / "down.bin").read_bytes() == data
    assert seen[-1] == len(data)
    assert (tmp_path / "down.bin").stat().st_mode == (tmp_path / "up.bin").stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["down.bin", "up.bin"]
    fs.pipe_file(road.url("y"), data)
    fs.mv(road.url("y"), road.url("z"))
    assert road.names() == ["x", "z"]
    assert fs.cat_file(road.url("z")) == data


def test_members_of_an_archive_are_copied(road: Road, fs: Any) -> None:
    """They are no objects that the server could copy; nor can one be moved out, or made in there."""
    members, data = {"a": b"1" * 9000, "empty": b"", "sub/b": b"2"}, io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    road.put("x.zip", data.getvalue())
    fs.cp(f"{road.bucket}/x.zip!/sub/b", f"{road.bucket}/one")
    assert road.body("one") == b"2"
    fs.copy(f"{road.bucket}/x.zip!/", f"{road.bucket}/all/", recursive=True)
    assert {name: road.body(f"all/{name}") for name in members} == members
    with pytest.raises(JsobjError, match="only read"):
        fs.cp(f"{road.bucket}/one", f"{road.bucket}/x.zip!/one")
    names = road.names()
    with pytest.raises(JsobjError, match="cannot be moved"):
        asyncio.run(road.filesystem(asynchronous=True)._mv_file(f"{road.bucket}/x.zip!/a", f"{road.bucket}/moved"))
    for source in (f"{road.bucket}/x.zip!/a", [f"{road.bucket}/x.zip!/a"]):
        with pytest.raises(JsobjError, match="cannot be moved"):
            fs.mv(source, f"{road.bucket}/moved/")
    assert road.names() == names == ["all/a", "all/empty", "all/sub/b", "one", "x.zip"]


# -- buckets


def test_buckets_are_made_and_deleted_only_by_name(road: Road, fs: Any) -> None:
    name = f"{road.bucket}-new"
    fs.makedirs(f"{name}/folder/inner", exist_ok=True)  # what dask does before it writes
    assert not fs.exists(name)
    fs.mkdir(name)
    assert name in fs.ls("", detail=False)
    with pytest.raises(FileExistsError):
        fs.mkdir(name)
    fs.makedirs(name, exist_ok=True)
    fs.pipe_file(f"{name}/x", b"1")
    with pytest.raises(JsobjError):
        fs.rmdir(name)
    with pytest.raises(IsADirectoryError):
        fs.rm_file(name)
    fs.rm(name, recursive=True)
    assert fs.ls(name) == []
    fs.rmdir(f"{name}/folder")
    assert fs.exists(name)
    fs.rmdir(name)
    assert not fs.exists(name)


def test_a_folder_is_deleted_only_with_recursive(road: Road, fs: Any) -> None:
    road.put("a/b", b"1")
    with pytest.raises(IsADirectoryError):
        fs.rm(road.url("a"))
    assert road.names() == ["a/b"]


def test_a_signed_url_opens_without_a_login(road_to: Any) -> None:
    import urllib.request

    road = road_to("s3-swift")
    road.put("x", b"signed")
    with urllib.request.urlopen(road.filesystem().sign(road.url("x"), expiration=60), timeout=30) as answer:
        assert answer.read() == b"signed"


# -- names


@pytest.mark.parametrize("key", ["a b/ü+%#?&=.txt", "a//b", "x%20y", "-", "..x", "a=1/b*c"])
def test_awkward_names(road: Road, fs: Any, key: str) -> None:
    fs.pipe_file(road.url(key), b"1")
    assert road.names() == [key]
    assert fs.cat_file(road.url(key)) == b"1"
    assert fs.find(road.bucket) == [f"{road.bucket}/{key}"]


def test_options_that_would_be_ignored_are_refused() -> None:
    for options, hint in (({"clod": "js2"}, "jsobj help"), ({"token": "gAAA"}, "cloud='NAME'")):
        with pytest.raises(JsobjError) as caught:
            SwiftFileSystem(skip_instance_cache=True, **options)
        assert caught.value.reference == "option-unknown"
        assert hint in caught.value.hint
        assert "gAAA" not in str(caught.value.to_json())


# -- swiftspec's form of URLs


def test_swiftspecs_urls_are_read_too(keyless: Road, cloud: Cloud) -> None:
    keyless.put("a/x", b"mine")
    old = f"swift://{cloud.swift_url.partition('://')[2].replace('/v1/', '/')}/{keyless.bucket}"
    fs = keyless.filesystem()
    assert fs.cat_file(f"{old}/a/x") == b"mine"
    (entry,) = fs.ls(f"{old}/a")
    assert f"swift://{entry['name']}" == f"{old}/a/x"
    fs.pipe_file(f"{old}/a/y", b"2")
    assert keyless.body("a/y") == b"2"
    stranger = keyless.filesystem(unsigned=True)
    with pytest.raises(JsobjError):
        stranger.cat_file(f"{old}/a/x")


# -- processes and threads


def test_it_travels_without_secrets_and_works_where_it_arrives(road: Road, cloud: Cloud) -> None:
    road.put("x", b"arrived")
    fs = road.filesystem()
    assert fs.cat_file(road.url("x")) == b"arrived"
    sent = pickle.dumps(fs)
    assert len(sent) < 1000
    assert not [secret for secret in cloud.secrets if secret.encode() in sent]
    program = (
        "import pickle, sys\n"
        "fs = pickle.loads(sys.stdin.buffer.read())\n"
        f"print(fs.cat_file('{road.url('x')}').decode(), 'swiftclient' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], input=sent, capture_output=True, timeout=60, check=True)
    assert ended.stdout.split() == [b"arrived", b"False"]
    assert fs.to_json()
    assert json.loads(fs.to_json())["cls"].startswith("jsobj.fs")


def _in_child(fs: Any, path: str, answers: Any) -> None:
    answers.put(fs.cat_file(path))
    fs.pipe_file(f"{path}-child", b"child")


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_it_works_after_a_fork(road: Road, fs: Any) -> None:
    road.put("x", b"forked")
    fs.ls(road.bucket)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_in_child, args=(fs, road.url("x"), answers))
    child.start()
    assert answers.get(timeout=60) == b"forked"
    child.join(60)
    assert child.exitcode == 0
    assert fs.cat_file(road.url("x-child")) == b"child"


def test_many_threads_at_once(road: Road, fs: Any) -> None:
    def trip(number: int) -> bool:
        data = os.urandom(1000 + number)
        fs.pipe_file(road.url(f"t/{number}"), data)
        with fs.open(road.url(f"t/{number}")) as file:
            return bool(file.read() == data == fs.cat_file(road.url(f"t/{number}")))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(trip, range(64)))
    assert len(fs.ls(road.url("t"))) == 64


@BOTH
def test_coroutines(road: Road) -> None:
    async def trip() -> dict[str, bytes]:
        fs = road.filesystem(asynchronous=True)
        await fs._pipe({road.url(str(number)): b"%d" % number for number in range(20)})
        async with await fs.open_async(road.url("stream"), "wb") as file:
            await file.write(b"async")
        async with await fs.open_async(road.url("stream"), "rb") as file:
            assert await file.read(2) == b"as"
            assert await file.read() == b"ync"
            assert file.tell() == 5
        assert await fs._isfile(road.url("stream"))
        assert not await fs._isfile(road.url("other"))
        await fs._mv_file(road.url("stream"), road.url("moved"))
        assert await fs._exists(road.url("moved"))
        assert not await fs._exists(road.url("stream"))
        return dict(await fs._cat([road.url(str(number)) for number in range(20)]))

    assert asyncio.run(trip()) == {f"{road.bucket}/{number}": b"%d" % number for number in range(20)}


def test_the_login_is_chosen_by_name(keyless: Road) -> None:
    keyless.put("x", b"1")
    assert keyless.filesystem(cloud=CLOUD).cat_file(keyless.url("x")) == b"1"
    assert fsspec.open(keyless.url("x"), cloud=CLOUD).fs.storage_options == {"cloud": CLOUD}
    with fsspec.open(f"jsobj+swift://{keyless.bucket}/x", cloud=CLOUD) as file:
        assert file.read() == b"1"
    with pytest.raises(JsobjError) as caught:
        keyless.filesystem(cloud="nowhere").cat_file(keyless.url("x"))
    assert caught.value.code == 5
