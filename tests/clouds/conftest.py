"""What the tests of other clouds share: a container of one's own on Azurite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure_scene import AzureScene


@pytest.fixture
def azure(azurite: str, tmp_path: Path) -> Iterator[AzureScene]:
    """A container, empty. At the end nothing that was printed or written may show the account's key."""
    scene = AzureScene(azurite, tmp_path)
    scene.client.create_container()
    with scene.client:
        yield scene
    scene.jsobj.check_no_secret_leaked()
