"""Fixtures of several unit tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jsobj.transfer.download.target_folder import TargetFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "target"


@pytest.fixture
def landing(root: Path) -> Iterator[TargetFolder]:
    made = TargetFolder(str(root))
    yield made
    made.close()
