"""Times as Keystone and the stores write them."""

from __future__ import annotations

import datetime as dt

from jsobj.net.dates import iso_time

UTC = dt.timezone.utc


def test_keystone_time() -> None:
    assert iso_time("2026-11-21T14:03:00.000000Z") == dt.datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
    assert iso_time("2026-11-21T14:03:00") == dt.datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
    for nothing in (None, "", "never"):
        assert iso_time(nothing) is None
