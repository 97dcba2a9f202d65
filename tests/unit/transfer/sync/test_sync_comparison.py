"""What is known of two entries before anybody is asked: of objects that are listed as empty, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jsobj.store.etag import EMPTY_MD5
from jsobj.store.values import Listed, ObjectInfo, StorePlace
from jsobj.transfer.local.fingerprints import Fingerprints
from jsobj.transfer.sync.comparison import By, Check, TwoObjects, Verdict
from jsobj.transfer.sync.entry import Entry

MIB = 1024**2
A, B = StorePlace("swift", "a", "http://s", ""), StorePlace("swift", "b", "http://s", "")
SOME = "0" * 32


@dataclass
class Bucket:
    """What a comparison asks of a store; ``info``: of every object."""

    place: StorePlace
    info: ObjectInfo

    def head(self, key: str) -> ObjectInfo:
        return self.info


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Fingerprints]:
    with closing(Fingerprints(tmp_path / "cache.db")) as made:
        yield made


def comparing(memory: Fingerprints, check: Check = Check.AUTO, there: int = 0) -> TwoObjects:
    one: Any = Bucket(A, ObjectInfo("k", 0, EMPTY_MD5))
    other: Any = Bucket(B, ObjectInfo("k", there, EMPTY_MD5))
    return TwoObjects(check, memory, B.url, one, other)


def entry(size: int = 0, etag: str = EMPTY_MD5) -> Entry:
    return Entry.of_object(Listed("k", size, etag, 1000.0), "")


@pytest.mark.parametrize("check", [Check.AUTO, Check.CONTENT, Check.SIZE])
def test_what_seems_empty_is_looked_at_where_that_may_tell_more(memory: Fingerprints, check: Check) -> None:
    compared = comparing(memory, check)
    assert compared.at_once(entry(), entry()) is None
    assert compared.at_once(entry(), entry(3 * MIB, SOME)) is None
    assert compared.at_once(entry(3 * MIB, SOME), entry()) is None
    few = Verdict(False, By.SIZE)
    assert compared.at_once(entry(), entry(10, SOME)) == compared.at_once(entry(10, SOME), entry()) == few
    assert compared.look(entry(), entry()).same
    assert comparing(memory, check, there=MIB).look(entry(), entry()) == few


def test_what_is_empty_is_remembered_and_what_only_seems_so_is_not(memory: Fingerprints) -> None:
    compared = comparing(memory)
    compared.remember(entry(), "k", SOME)
    assert compared.at_once(entry(), entry(3 * MIB, SOME)) is None
    compared.look(entry(), entry())
    assert compared.at_once(entry(), entry()) == Verdict(True, By.MEMORY)


def test_a_source_that_tells_no_versions_is_not_remembered(memory: Fingerprints) -> None:
    source = Entry.of_object(Listed("k", 3), "")
    compared = comparing(memory)
    compared.remember(source, "k", SOME)
    assert compared.at_once(source, entry(3, SOME)) is None
