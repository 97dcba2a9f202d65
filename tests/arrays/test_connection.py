"""A connection's work on whole objects, on real servers: streams, ranges, copies, deletions, comparisons."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import warnings
from pathlib import Path
from typing import Any

import pytest
from fixtures_places import PROFILE, Place

import jsobj
from jsobj.api.connection import Connection
from jsobj.api.results import TransferFailed
from jsobj.errors import BadUsage, ExitCode, JsobjError, ObjectNotFound
from jsobj.transfer.events import Done, Event
from jsobj.transfer.verify import Checked

MIB = 1024**2


@pytest.fixture(name="connection")
def _connection(at_home: Place) -> Connection:
    return jsobj.connect(PROFILE)


class Pipe:
    """Bytes that can only be read in order, a few at a time."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._rest.read(min(size, 70_000))


@pytest.mark.parametrize("size", [0, 1, 12 * MIB + 1])
@pytest.mark.parametrize("kind", [io.BytesIO, Pipe])
def test_a_file_object_becomes_an_object(at_home: Place, connection: Connection, kind: Any, size: int) -> None:
    data = os.urandom(size)
    summary = connection.upload(kind(data), at_home.url("stream"), part_size="5M")
    assert (summary.done, summary.verified, summary.size) == (1, 1, size)
    assert at_home.body("stream") == data


def test_a_file_object_is_compressed(at_home: Place, connection: Connection) -> None:
    connection.upload(io.BytesIO(b"abc" * 1000), at_home.url("k.txt"), compress="gzip")
    found = at_home.witness.get_object(Bucket=at_home.bucket, Key="k.txt")
    assert (found["ContentEncoding"], gzip.decompress(found["Body"].read())) == ("gzip", b"abc" * 1000)


def test_metadata_and_headers_are_kept(at_home: Place, connection: Connection, tmp_path: Path) -> None:
    kept: dict[str, Any] = {"metadata": {"run": "42"}, "cache_control": "no-store", "content_type": "a/b"}
    path = tmp_path / "data"
    path.write_bytes(b"x")
    connection.upload(path, at_home.url("file"), **kept)
    connection.upload(io.BytesIO(b"x"), at_home.url("stream"), **kept)
    for key in ("file", "stream"):
        found = at_home.witness.head_object(Bucket=at_home.bucket, Key=key)
        assert (found["Metadata"]["run"], found["CacheControl"], found["ContentType"]) == ("42", "no-store", "a/b")
    assert connection.upload(path, at_home.url("file"), **kept).same == 1
    assert connection.upload(path, at_home.url("file"), metadata={"run": "43"}).done == 1
    for wrong, message in (
        ({"metadata": {"run": 42}}, "the value of 'run' in metadata is not a text"),
        ({"metadata": {"Cache-Control": "x"}}, "is a header of its own"),
        ({"cache_control": "a\r\nb"}, "cache_control contains the control character"),
    ):
        with pytest.raises(BadUsage, match=message):
            connection.upload(path, at_home.url("file"), **wrong)  # type: ignore[arg-type]


def test_a_stream_that_breaks_makes_no_object(at_home: Place, connection: Connection) -> None:
    class Broken(Pipe):
        def read(self, size: int) -> bytes:
            data = super().read(size)
            if not data:
                raise OSError("the pipe broke")
            return data

    with pytest.raises(OSError, match="the pipe broke"):
        connection.upload(Broken(os.urandom(11 * MIB)), at_home.url("stream"), part_size="5M")
    assert at_home.names() == []
    assert not at_home.witness.list_multipart_uploads(Bucket=at_home.bucket).get("Uploads")


def test_a_stream_needs_a_key(at_home: Place, connection: Connection) -> None:
    with pytest.raises(JsobjError) as caught:
        connection.upload(io.BytesIO(b"x"), at_home.url("folder/"))
    assert (caught.value.reference, caught.value.code) == ("stream-needs-key", ExitCode.USAGE)


def test_a_text_file_is_refused(at_home: Place, connection: Connection) -> None:
    with pytest.raises(JsobjError, match="binary mode"):
        connection.upload(io.StringIO("text"), at_home.url("k"))  # type: ignore[arg-type]
    assert at_home.names() == []


@pytest.mark.parametrize("size", [0, 12 * MIB + 1])
def test_an_object_goes_into_a_file_object(at_home: Place, connection: Connection, size: int) -> None:
    data, sink = os.urandom(size), io.BytesIO()
    at_home.put("k", data)
    summary = connection.download(at_home.url("k"), sink)
    assert sink.getvalue() == data
    assert (summary.verb, summary.done, summary.verified, summary.size) == ("download", 1, 1, size)


def test_what_was_compressed_is_decompressed_for_a_file_object_and_read_as_stored(
    at_home: Place, connection: Connection
) -> None:
    packed, sink = gzip.compress(b"abc" * 1000), io.BytesIO()
    at_home.witness.put_object(Bucket=at_home.bucket, Key="k", Body=packed, ContentEncoding="gzip")
    connection.download(at_home.url("k"), sink)
    assert sink.getvalue() == b"abc" * 1000
    assert connection.read(at_home.url("k")) == packed


@pytest.mark.parametrize(
    ("start", "size", "wanted"),
    [(0, None, slice(None)), (0, 1, slice(0, 1)), (7, None, slice(7, None)), (90, 20, slice(90, None))],
)
def test_ranges(at_home: Place, connection: Connection, start: int, size: int | None, wanted: slice) -> None:
    data = os.urandom(100)
    at_home.put("k", data)
    assert connection.read(at_home.url("k"), start=start, size=size) == data[wanted]


@pytest.mark.parametrize(("start", "size"), [(100, None), (-1, None), (0, 0)])
def test_ranges_that_mean_nothing_are_refused(
    at_home: Place, connection: Connection, start: int, size: int | None
) -> None:
    at_home.put("k", bytes(100))
    with pytest.raises(JsobjError) as caught:
        connection.read(at_home.url("k"), start=start, size=size)
    assert caught.value.code is ExitCode.USAGE


def test_copy_and_move(at_home: Place, connection: Connection) -> None:
    for name in ("raw/a.nc", "raw/b.nc", "raw/notes.txt"):
        at_home.put(name, name.encode())
    events: list[Event] = []
    summary = connection.copy(at_home.url("raw"), at_home.url("kept/"), exclude=["*.txt"], listen=events.append)
    assert (summary.verb, summary.done, summary.size) == ("copy", 2, len("raw/a.nc") * 2)
    # Both are under way at once, and told of as they end.
    assert {event.destination for event in events if isinstance(event, Done)} == {
        at_home.url("kept/raw/a.nc"),
        at_home.url("kept/raw/b.nc"),
    }
    connection.move(at_home.url("kept/raw/a.nc"), at_home.url("a.nc"))
    assert at_home.names() == ["a.nc", "kept/raw/b.nc", "raw/a.nc", "raw/b.nc", "raw/notes.txt"]
    assert at_home.body("a.nc") == b"raw/a.nc"


def test_a_copy_leaves_what_exists_alone_where_that_is_wanted(at_home: Place, connection: Connection) -> None:
    at_home.put("a", b"new")
    at_home.put("b", b"old")
    assert connection.copy(at_home.url("a"), at_home.url("b"), overwrite=False).skipped == 1
    assert at_home.body("b") == b"old"


def test_copying_nothing_is_an_error(at_home: Place, connection: Connection) -> None:
    with pytest.raises(JsobjError) as caught:
        connection.copy(at_home.url("absent"), at_home.url("b"))
    assert caught.value.code is ExitCode.NOT_FOUND


def test_delete(at_home: Place, connection: Connection) -> None:
    for name in ("a", "b", "below/c", "below/d", "below-not", "e"):
        at_home.put(name, b"x")
    assert connection.delete(at_home.url("a")).done == 1
    assert connection.delete([at_home.url("b"), at_home.url("e")]).done == 2
    assert connection.delete(at_home.url("below"), recursive=True).done == 2
    assert at_home.names() == ["below-not"]


def test_deleting_what_does_not_exist_is_an_error(at_home: Place, connection: Connection) -> None:
    at_home.put("a", b"x")
    with pytest.raises(ObjectNotFound):
        connection.delete(at_home.url("absent"))
    with pytest.raises(TransferFailed) as several:
        connection.delete([at_home.url("a"), at_home.url("absent")])
    assert several.value.code is ExitCode.PARTIAL
    assert at_home.names() == []


def test_verify_against_files(at_home: Place, connection: Connection, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("same", "differs", "missing"):
        (folder / name).write_text(name)
    connection.upload(f"{folder}/", at_home.url("d/"))
    assert connection.verify(at_home.url("d/"), f"{folder}/").same
    at_home.put("d/differs", b"DIFFERS")
    at_home.put("d/extra", b"x")
    at_home.witness.delete_object(Bucket=at_home.bucket, Key="d/missing")
    heard: list[Checked] = []
    found = connection.verify(at_home.url("d/"), f"{folder}/", listen=heard.append)
    assert (found.same, found.code) == (False, ExitCode.INTEGRITY)
    assert found.counts == {"same": 1, "differs": 1, "missing": 1, "extra": 1}
    assert [(each.item, each.state) for each in found.differences] == [
        ("d/differs", "differs"),
        ("d/missing", "missing"),
    ]
    assert len(heard) == 4


def test_verify_against_a_list_of_digests(at_home: Place, connection: Connection, tmp_path: Path) -> None:
    at_home.put("d/a", b"a")
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"{hashlib.sha256(b'a').hexdigest()}  a\n")
    assert connection.verify(at_home.url("d/"), manifest=sums).same
    at_home.put("d/MANIFEST.sha256", sums.read_bytes())
    assert connection.verify(at_home.url("d/"), manifest=True).same
    (tmp_path / "a").write_bytes(b"a")
    assert connection.verify(local=tmp_path, manifest=at_home.url("d/MANIFEST.sha256")).counts["same"] == 1
    for words in ({}, {"manifest": True}, {"url": at_home.url("d/"), "local": tmp_path, "manifest": True}):
        with pytest.raises(JsobjError, match="give"):
            connection.verify(**words)
    sums.write_text(f"{hashlib.sha256(b'b').hexdigest()}  a\n")
    assert connection.verify(at_home.url("d/"), manifest=sums).code is ExitCode.INTEGRITY
    with pytest.raises(JsobjError) as caught:
        connection.verify(at_home.url("d/"), manifest=tmp_path / "absent")
    assert caught.value.code is ExitCode.LOCAL


def test_verify_tells_of_links_and_follows_them(at_home: Place, connection: Connection, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "file").write_text("x")
    (folder / "link").symlink_to("file")
    connection.upload(f"{folder}/", at_home.url("d/"), links="follow")
    with pytest.warns(UserWarning, match="1 symbolic link was left out"):
        found = connection.verify(at_home.url("d/"), f"{folder}/")
    assert (found.same, found.differences) == (True, ())
    assert found.counts == {"same": 1, "link": 1, "extra": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert connection.verify(at_home.url("d/"), f"{folder}/", links="follow").counts == {"same": 2}
    with pytest.raises(BadUsage, match="links is skip or follow"):
        connection.verify(at_home.url("d/"), f"{folder}/", links="Follow")


def test_verify_by_patterns(at_home: Place, connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(JsobjError) as caught:
        connection.verify(at_home.url("d/"), tmp_path, include=["*.nc"])
    assert (caught.value.reference, caught.value.code) == ("nothing-matches", ExitCode.NOT_FOUND)
    with pytest.raises(BadUsage, match="need local or manifest"):
        connection.verify(at_home.url("d/"), include=["*.nc"])


def test_verify_needs_a_zarr_where_nothing_else_is_named(at_home: Place, connection: Connection) -> None:
    with pytest.raises(JsobjError) as caught:
        connection.verify(at_home.url("d/"))
    assert caught.value.reference == "not-a-zarr"
