"""The list that jsobj publish puts beside data, read at a web server."""

from __future__ import annotations

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.foreign.web.published import lines_of
from jsobj.transfer.local.digest_list import MANIFEST, written

DIGEST = "0" * 64


def test_the_lines_that_we_write() -> None:
    names = ["a", "in/ü b%20.txt", "-", "back\\slash", "new\nline"]
    lines = "".join(written(name, DIGEST) for name in names).encode().splitlines()
    assert list(lines_of(lines, MANIFEST)) == [(name, DIGEST) for name in names]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("no digest", ExitCode.LOCAL),
        (f"{DIGEST[1:]}  a", ExitCode.LOCAL),
        (f"{DIGEST}  ../a", ExitCode.REFUSED),
        (f"{DIGEST}  /a", ExitCode.REFUSED),
        (f"{DIGEST}  a/../../b", ExitCode.REFUSED),
    ],
)
def test_what_is_no_such_list(line: str, code: ExitCode) -> None:
    with pytest.raises(JsobjError, match="line 2") as caught:
        list(lines_of([f"{DIGEST}  a".encode(), line.encode()], MANIFEST))
    assert caught.value.code is code
