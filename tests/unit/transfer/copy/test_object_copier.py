"""What of an object is in memory at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from jsobj.net.body import uncounted
from jsobj.store.values import Limits
from jsobj.transfer.copy.items import CopyTerms
from jsobj.transfer.copy.object_copier import ObjectCopier

MIB = 1024**2


@dataclass
class Target:
    """What is asked of the target's store."""

    limits: Limits


@pytest.mark.parametrize(
    ("part_size", "largest_put", "size", "wanted"),
    [
        (16 * MIB, 5 * 1024 * MIB, 16 * MIB, True),
        (16 * MIB, 5 * 1024 * MIB, 16 * MIB + 1, False),
        (5 * 1024 * MIB, 5 * 1024 * MIB, 32 * MIB, True),
        (5 * 1024 * MIB, 5 * 1024 * MIB, 32 * MIB + 1, False),
        (64 * MIB, 20 * MIB, 20 * MIB + 1, False),
    ],
)
def test_large_parts_do_not_hold_whole_objects(part_size: int, largest_put: int, size: int, wanted: bool) -> None:
    nothing: Any = None
    target: Any = Target(Limits(largest_put=largest_put))
    terms = CopyTerms(same_server=False, move=False, overwrite=True, part_size=part_size)
    assert ObjectCopier(nothing, target, terms, uncounted)._in_one(size) is wanted
