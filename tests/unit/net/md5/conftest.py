"""Every test here runs with the compiled half, where it is, and without it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from rigs import lack

from jsobj.net.md5.choice import allow_compiled, compiled_allowed
from jsobj.net.md5.compiled import absence


@pytest.fixture(params=["compiled", "hashlib"], scope="module", autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which one the streams of the test are of."""
    before, wanted = compiled_allowed(), request.param
    allow_compiled(wanted == "compiled")
    try:
        if wanted == "compiled" and os.environ.get("JSOBJ_COMPILED") == "0":
            pytest.skip("JSOBJ_COMPILED=0: without the compiled helper")
        if wanted == "compiled" and (why := absence()):
            lack(f"{why}: apt-get install gcc libc6-dev, then pip install -e . again")
        yield wanted
    finally:
        allow_compiled(before)
