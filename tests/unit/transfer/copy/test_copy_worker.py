"""A copy that goes on: whether what was sent is of the version that is there now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from jsobj.store.values import Limits, Listed, ObjectInfo, Part, PutOptions, StorePlace, Upload
from jsobj.transfer.copy.crossing import Begun
from jsobj.transfer.copy.items import CopyItem, CopyTerms
from jsobj.transfer.copy.object_copier import ObjectCopier
from jsobj.transfer.copy.worker import BeginCopy, Carrier

MIB = 1024**2
S3 = Limits()
WEB, BUCKET = StorePlace("https", "h", "https://h", ""), StorePlace("s3", "b", "http://s", "")
SENT = hashlib.md5(b"sent").hexdigest()


@dataclass
class Source:
    """Without any digest; ``info``: what is there now."""

    info: ObjectInfo
    place: StorePlace = WEB

    def head(self, key: str) -> ObjectInfo:
        return self.info

    def in_stretches(self, info: ObjectInfo) -> bool:
        return True

    def digests(self, info: ObjectInfo) -> None:
        return None


@dataclass
class Target:
    """Has the first part of the upload ``old``."""

    place: StorePlace = BUCKET
    limits: Limits = S3
    keeps_md5: bool = False

    def begin(self, key: str, options: PutOptions) -> Upload:
        return Upload(key, "new")

    def parts(self, upload: Upload) -> Sequence[Part]:
        return [Part(1, 16 * MIB, SENT)] if upload.id == "old" else []


def begun(listed: Listed, now: ObjectInfo) -> Begun:
    source: Any = Source(now)
    target: Any = Target()
    meter: Any = None
    terms = CopyTerms(same_server=False, move=False, overwrite=True, part_size=16 * MIB)
    carrier = Carrier([ObjectCopier(source, target, terms, meter)], meter)
    found = carrier.perform(BeginCopy(CopyItem(listed, "k"), "old", 16 * MIB, ((1, SENT),)))
    assert isinstance(found, Begun)
    return found


@pytest.mark.parametrize(
    ("listed", "now"),
    [
        (Listed("k", 40 * MIB, "one", 1.5), ObjectInfo("k", 40 * MIB, "two", 1.0)),
        (Listed("k", 40 * MIB, "", 1.0), ObjectInfo("k", 40 * MIB, "", 2.0)),
        (Listed("k", 40 * MIB, "", 1.0), ObjectInfo("k", 41 * MIB, "", 1.0)),
    ],
    ids=["etag", "time", "size"],
)
def test_parts_of_another_version_are_no_part_of_this_one(listed: Listed, now: ObjectInfo) -> None:
    found = begun(listed, now)
    assert (found.upload.id, found.crossed, found.stored) == ("new", (), ())
    assert "has changed since it was listed" in found.notice


@pytest.mark.parametrize("etag", ["one", ""])
def test_parts_of_the_version_that_was_listed_count(etag: str) -> None:
    """A listing may tell fractions of a second that a HEAD does not."""
    found = begun(Listed("k", 40 * MIB, etag, 1.5), ObjectInfo("k", 40 * MIB, etag, 1.0))
    assert (found.upload.id, [each.part.number for each in found.crossed]) == ("old", [1])
