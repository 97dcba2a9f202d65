"""Other clouds' stores as fixtures: ``moto`` (S3 and DynamoDB), ``azurite`` (Azure's Blob and Table storage) and
``gcs`` (Google's Cloud Storage)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from emulators import LackingError, azurite, gcs, moto
from own_python import cache_of
from rigs import lack


@pytest.fixture(scope="session", name="moto")
def _moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its endpoint."""
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(moto(tmp_path_factory.mktemp("moto")))
        except LackingError as error:
            lack(str(error))


@pytest.fixture(scope="session", name="azurite")
def _azurite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of its account."""
    with contextlib.ExitStack() as stack:
        try:
            cache = cache_of(request.config, "azurite")
            yield stack.enter_context(azurite(tmp_path_factory.mktemp("azurite"), cache))
        except LackingError as error:
            lack(str(error))


@pytest.fixture(scope="session", name="gcs")
def _gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its endpoint."""
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(gcs(tmp_path_factory.mktemp("gcs")))
        except LackingError as error:
            lack(str(error))
