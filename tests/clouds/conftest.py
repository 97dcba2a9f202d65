"""What the tests of other clouds share: a container on Azurite, a bucket at what stands in for Google, of one's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure_scene import AzureScene
from rigs import lack

# The fault proxy, for the modules here.
sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))


@pytest.fixture
def azure(azurite: str, tmp_path: Path) -> Iterator[AzureScene]:
    """A container, empty. At the end nothing that was printed or written may show the account's key."""
    scene = AzureScene(azurite, tmp_path)
    scene.client.create_container()
    with scene.client:
        yield scene
    scene.jsobj.check_no_secret_leaked()


@pytest.fixture(name="google")
def _google(gcs: str, tmp_path: Path) -> Iterator[object]:
    """An empty bucket of Google's; see ``google_scene.py``."""
    try:
        from google_scene import google_scene
    except ImportError as error:
        lack(f"{error.name} is not installed: pip install 'jsobj[others]'")
    with google_scene(gcs, tmp_path / "home") as scene:
        yield scene
