"""Fixtures of several unit tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from awsfiles_cases import CONFIG, CREDENTIALS

from jsobj.identity.aws_files.profile import AwsFiles
from jsobj.transfer.download.target_folder import Landing


@pytest.fixture
def files(tmp_path: Path) -> AwsFiles:
    return AwsFiles(tmp_path / ".aws" / "credentials", tmp_path / ".aws" / "config")


@pytest.fixture
def full(files: AwsFiles) -> AwsFiles:
    """Files of a user with other profiles."""
    files.config.parent.mkdir(mode=0o700)
    for path, data in ((files.credentials, CREDENTIALS), (files.config, CONFIG)):
        path.write_bytes(data)
        path.chmod(0o600)
    return files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "target"


@pytest.fixture
def landing(root: Path) -> Iterator[Landing]:
    made = Landing(str(root))
    yield made
    made.close()
