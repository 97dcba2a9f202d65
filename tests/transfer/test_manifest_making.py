"""``MANIFEST.sha256`` of a prefix: ``sha256sum -c`` on what was downloaded is the witness."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from transfer_scene import PART, TransferScene, sha

from jsobj.actions.stores import BucketStores
from jsobj.errors import JsobjError
from jsobj.identity.settings import Settings
from jsobj.publish.manifest import MANIFEST, STATE, Manifest, ManifestLine, make_manifest, remove_manifest
from jsobj.store.location import parse_location
from jsobj.store.objects import Store
from jsobj.store.open import StoreRequest

FILES = {"a.txt": b"a", "sub/b b.txt": b"bb", "new\nline": b"n", "back\\slash": b"s", "empty": b"", "-": b"-"}
Opened = Callable[[TransferScene], contextlib.AbstractContextManager[Store]]


@pytest.fixture(name="opened")
def _opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """The scene's bucket, opened in this process."""

    @contextlib.contextmanager
    def open_it(scene: TransferScene) -> Iterator[Store]:
        monkeypatch.setenv("HOME", str(scene.jsobj.home))
        for name, value in scene.jsobj.variables.items():
            monkeypatch.setenv(name, value)
        with BucketStores(Settings.read(), StoreRequest()) as stores:
            yield stores.of(parse_location(scene.url()))

    return open_it


def checked(scene: TransferScene, prefix: str = "t/") -> list[str]:
    """The lines of ``sha256sum -c`` in a fresh download of the prefix."""
    folder = scene.folder / "fetched"
    scene("download", scene.url(prefix), f"{folder}/")
    words = ["sha256sum", "-c", "--strict", MANIFEST]
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout.splitlines()


def test_a_list_that_sha256sum_accepts_and_that_is_not_made_twice(transfer: TransferScene, opened: Opened) -> None:
    transfer("upload", f"{transfer.write(FILES)}/", transfer.url("t/"))
    large = os.urandom(2 * PART + 100)
    transfer.put_in_parts("t/parts.bin", large, PART)
    transfer("upload", "-", transfer.url("t/packed.csv"), "--compress", "gzip", stdin="1,2\n" * 1000)
    transfer.put("t/folder/", b"")
    transfer.put("u/other", b"other")
    with opened(transfer) as store:
        lines: list[ManifestLine] = []
        made = make_manifest(store, "t/", tell=lines.append)
        assert (made.lines, made.read, made.rewritten, made.changed, made.left_out) == (8, 8, True, (), ())
        assert len(checked(transfer)) == 8
        wanted = {name: sha(data) for name, data in FILES.items()}
        wanted |= {"parts.bin": sha(large), "packed.csv": sha(b"1,2\n" * 1000)}
        assert {line.name: line.digest for line in lines} == wanted
        assert [line.name for line in lines] == sorted(wanted)
        before = transfer.state()
        again = make_manifest(store, "t/")
        assert (again.lines, again.read, again.read_size, again.rewritten) == (8, 0, 0, False)
        assert transfer.state() == before
        transfer.put("t/a.txt", b"A")  # of the same size
        transfer.put("t/new", b"new")
        transfer.witness.delete_object(Bucket=transfer.bucket, Key="t/empty")
        (transfer.folder / "fetched/empty").unlink()
        third = make_manifest(store, "t/")
        assert (third.lines, third.read, third.read_size, third.rewritten) == (8, 2, 4, True)
        assert "new: OK" in checked(transfer)
        assert remove_manifest(store, "t/") == (f"t/{STATE}", f"t/{MANIFEST}")
        assert remove_manifest(store, "t/") == ()
    assert not any(key.endswith((MANIFEST, STATE)) for key in transfer.digests())


def test_what_is_no_data_is_in_no_list(over_s3: TransferScene, opened: Opened) -> None:
    for key in ("t/index.html", "t/a", "t/in/b", "t/../x", "t/foreign/MANIFEST.sha256"):
        over_s3.put(key, key.encode())
    with opened(over_s3) as store:
        make_manifest(store, "t/in/")
        made = make_manifest(store, "t/", ours=lambda name: name == "index.html")
        lines = over_s3.get(f"t/{MANIFEST}").decode().splitlines()
        assert [line[66:] for line in lines] == ["a", "foreign/MANIFEST.sha256", "in/b"]
        assert [key for key, _ in made.left_out] == ["t/../x"]
        over_s3.put("t/foreign/MANIFEST.sha256", b"mine")
        with pytest.raises(JsobjError, match="has not made it") as caught:
            make_manifest(store, "t/foreign/")
        assert caught.value.reference == "manifest-not-ours"
        assert remove_manifest(store, "t/foreign/") == ()
    assert over_s3.get("t/foreign/MANIFEST.sha256") == b"mine"


def test_what_is_written_or_deleted_while_it_is_read_is_noticed(transfer: TransferScene, opened: Opened) -> None:
    for name in ("a", "b", "c"):
        transfer.put(f"t/{name}", name.encode())
    with opened(transfer) as store:
        made = _with_listing(store, lambda: _meddled(transfer))
        assert (made.lines, made.changed) == (2, ("t/b", "t/c"))
        assert transfer.get(f"t/{MANIFEST}").decode() == f"{sha(b'a')}  a\n{sha(b'longer than b')}  b\n"
        again = make_manifest(store, "t/")
        assert (again.lines, again.changed, again.rewritten) == (2, (), False)


def _meddled(transfer: TransferScene) -> None:
    transfer.put("t/b", b"longer than b")
    transfer.witness.delete_object(Bucket=transfer.bucket, Key="t/c")


def _with_listing(store: Store, between: Callable[[], None]) -> Manifest:
    """The list of a bucket that changes once its names have been listed."""

    class Changing:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def list(self, prefix: str) -> Any:
            found = list(store.list(prefix))
            between()
            return iter(found)

    return make_manifest(Changing(), "t/")  # type: ignore[arg-type]


def test_a_state_that_cannot_be_read_is_as_none(over_s3: TransferScene, opened: Opened) -> None:
    over_s3.put("t/a", b"a")
    with opened(over_s3) as store:
        make_manifest(store, "t/")
        for damaged in (b"", b"[]\n", b'["jsobj.manifest-state", 1]\n["a"', b'["jsobj.manifest-state", 1]\n{}\n'):
            over_s3.put(f"t/{STATE}", damaged, Metadata={"jsobj-made": "manifest"})
            made = make_manifest(store, "t/")
            assert (made.lines, made.read, made.rewritten) == (1, 1, False)
        forged = f'["jsobj.manifest-state", 1]\n["a", "{over_s3.head("t/a")["ETag"][1:-1]}", 1, 0, "{"0" * 64}"]\n'
        over_s3.put(f"t/{STATE}", forged.encode())  # without the mark
        assert make_manifest(store, "t/").read == 1
