"""Whether no bucket can be the source and the target of a copy, in other clouds."""

from __future__ import annotations

from typing import Any

import pytest

from jsobj.actions.copy import apart_of
from jsobj.store.values import StorePlace

HERE = StorePlace("az", "c", "https://one.blob.core.windows.net", "the key")


@pytest.mark.parametrize(
    ("other", "apart"),
    [
        (StorePlace("az", "c", HERE.endpoint, "the link's own signature"), False),
        (StorePlace("az", "other", HERE.endpoint, HERE.where), True),
        (StorePlace("az", "c", "https://two.blob.core.windows.net", HERE.where), True),
        (StorePlace("s3", "c", HERE.endpoint, HERE.where), True),
    ],
)
def test_a_container_is_one_whoever_opens_it(other: StorePlace, apart: bool) -> None:
    context: Any = None  # of one's own clouds only
    assert apart_of(context, HERE, other) == apart_of(context, other, HERE) == apart
