"""What is believed of the parts that an earlier run has sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from jsobj.net.body import uncounted
from jsobj.store.values import ObjectInfo, Part, PartDigest, Upload
from jsobj.transfer.copy.crossing import Crossing
from jsobj.transfer.copy.items import CopyTerms
from jsobj.transfer.copy.proofs import Proving
from jsobj.transfer.engine.parts_work import SENT
from jsobj.transfer.part_layout import Layout


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


SENT_BEFORE = {1: md5(b"first"), 2: md5(b"other"), 3: md5(b"last")}
TERMS = CopyTerms(same_server=False, move=False, overwrite=True, part_size=5)


@dataclass
class Target:
    """What :meth:`Crossing.resume` asks of a store."""

    there: Sequence[Part]

    def parts(self, upload: Upload) -> Sequence[Part]:
        return self.there


@pytest.mark.parametrize("in_order", [(), (PartDigest(0, 14, md5(b"all")),)])
def test_a_part_counts_by_its_digest_alone(in_order: tuple[PartDigest, ...]) -> None:
    """One of the right size whose digest the server does not tell may be anything, and is sent once more."""
    nothing: Any = None
    target: Any = Target([Part(1, 5, md5(b"first")), Part(2, 5, ""), Part(3, 4, md5(b"else"))])
    how = Proving(Layout(14, 5), "md5" if in_order else SENT, in_order=in_order)
    crossing = Crossing(nothing, target, TERMS, uncounted)
    begun = crossing.resume(ObjectInfo("k", 14, "e"), how, Upload("k", "id"), 5, SENT_BEFORE)
    assert begun is not None
    assert [part.number for part in (*begun.stored, *(each.part for each in begun.crossed))] == [1]
