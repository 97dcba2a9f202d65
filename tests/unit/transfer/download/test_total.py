"""The total of a download is that of its listing, however it is listed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from jsobj.store.values import Listed
from jsobj.transfer.download import total


class Bucket:
    """Lists these keys, each one byte larger than the one before."""

    def __init__(self, *keys: str) -> None:
        self.sizes = {key: number for number, key in enumerate(sorted(keys))}
        self.asked: list[tuple[str, str]] = []
        self.threads: set[int] = set()

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        self.asked.append((prefix, delimiter))
        self.threads.add(threading.get_ident())
        folders: set[str] = set()
        for key, size in self.sizes.items():
            name, slash, _ = key[len(prefix) :].partition("/")
            if not key.startswith(prefix):
                continue
            if delimiter and slash:
                if name not in folders:
                    folders.add(name)
                    yield Listed(f"{prefix}{name}/", prefix=True)
                continue
            yield Listed(key, size)


def tree(folders: int, files: int) -> list[str]:
    return [f"t/d{folder:03}/f{file:03}" for folder in range(folders) for file in range(files)]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(total, "_FEW", 50)
    monkeypatch.setattr(total, "_FOLDERS", 20)


def of(bucket: Any, prefix: str = "t/", **words: Any) -> list[int]:
    return sorted(total.sizes(bucket, prefix, words.pop("wanted", lambda key: True), **words))


@pytest.mark.parametrize(
    ("keys", "requests"),
    [
        (tree(10, 3), 1),  # few
        (tree(10, 10), 1 + 1 + 10),  # side by side
        ([*tree(10, 10), "t/at-the-top", "t/zz"], 1 + 1 + 10),
        (tree(30, 10), 1 + 1),  # too many folders
        (tree(1, 100), 1 + 1),  # only one
        ([f"t/f{number}" for number in range(100)], 1 + 1),  # none
        ([], 1),
    ],
)
def test_every_object_counts_once(keys: list[str], requests: int) -> None:
    bucket = Bucket(*keys, "other/x")
    assert of(bucket) == sorted(size for key, size in bucket.sizes.items() if key.startswith("t/"))
    assert len(bucket.asked) == requests


def test_folders_are_listed_by_several_threads() -> None:
    bucket = Bucket(*tree(10, 10))
    of(bucket)
    assert threading.get_ident() in bucket.threads
    assert len(bucket.threads) > 1


@pytest.mark.parametrize("folders", [2, 10])
def test_what_is_not_wanted_does_not_count(folders: int) -> None:
    bucket = Bucket(*tree(folders, 10))
    found = of(bucket, wanted=lambda key: key.endswith("5"))
    assert found == [size for key, size in bucket.sizes.items() if key.endswith("5")]


def test_what_is_unneeded_ends_soon() -> None:
    bucket = Bucket(*tree(10, 10))
    assert of(bucket, unneeded=lambda: True) == []
