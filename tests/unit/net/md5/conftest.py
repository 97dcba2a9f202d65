"""Every test here runs with the compiled half, where it is, and without it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rigs import lack

from jsobj.net.md5 import laned
from jsobj.net.md5.choice import allow_compiled, compiled_allowed
from jsobj.net.md5.compiled import absence


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With JSOBJ_COMPILED=0 the helper's half is not asked for."""
    if os.environ.get("JSOBJ_COMPILED") != "0":
        return
    ours = [each for each in items if each.path.parent == Path(__file__).parent and isinstance(each, pytest.Function)]
    left_out = [each for each in ours if each.callspec.params.get("engine") == "compiled"]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [each for each in items if each not in left_out]


@pytest.fixture(params=["compiled", "hashlib"], scope="module", autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which one the streams of the test are of."""
    before, wanted = compiled_allowed(), request.param
    allow_compiled(wanted == "compiled")
    try:
        if wanted == "compiled" and (why := absence()):
            lack(f"{why}: apt-get install gcc libc6-dev, then pip install -e . again")
        yield wanted
    finally:
        allow_compiled(before)


@pytest.fixture(autouse=True)
def _as_in_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run in the main thread, whose streams would be hashed alone."""
    monkeypatch.setattr(laned, "_may_be_interrupted", lambda: False)
