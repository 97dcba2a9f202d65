"""Fixtures of several unit tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_files_cases import CONFIG, CREDENTIALS

from jsobj.identity.aws_files.profile import AwsFiles


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
