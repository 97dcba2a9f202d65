"""The tests of the embedded cloud: they need it, and they may take long."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures_cloud import need_sandbox


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here more time than the two minutes of the others: some start a cloud several times."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(autouse=True)
def _needs_sandbox() -> None:
    need_sandbox()
