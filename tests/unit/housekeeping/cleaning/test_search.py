"""What becomes of leftovers, one by one."""

from __future__ import annotations

from typing import NoReturn

import pytest

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.housekeeping.cleaning.leftovers import UPLOAD, Leftover
from jsobj.housekeeping.cleaning.search import remove, require_bucket


def refusing(code: ExitCode) -> Leftover:
    def refuse() -> NoReturn:
        raise JsobjError("refused", "the server refuses", code=code)

    return Leftover(UPLOAD, "k", "s3://b/k", 1, 5, 0.0, refuse)


def ending(left: str) -> Leftover:
    return Leftover(UPLOAD, "k", "s3://b/k", 1, 5, 0.0, lambda: left)


def test_one_that_fails_does_not_keep_the_others() -> None:
    removals = list(remove([refusing(ExitCode.REFUSED), ending("it changed"), ending("")]))
    assert [removal.state for removal in removals] == ["failed", "left", "removed"]
    assert removals[0].error is not None


def test_a_login_that_ends_ends_all() -> None:
    with pytest.raises(JsobjError):
        list(remove([refusing(ExitCode.AUTH), ending("")]))


@pytest.mark.parametrize(("name", "base"), [("b_segments", "b"), ("b+segments", "b")])
def test_segments_are_looked_at_with_their_bucket(name: str, base: str) -> None:
    with pytest.raises(BadUsage) as caught:
        require_bucket(name)
    assert caught.value.hint == f"clean it with its bucket: jsobj bucket clean {base}"
    require_bucket(base)
