"""AWS files of a user who has other profiles, and botocore to judge what became of them."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.aws_files.profile import AwsFiles, AwsProfile
from jsobj.secret import Secret

OURS = AwsProfile("js2", "0123abcd", Secret("s3cr3t"), "https://js2.example.org:8001", "us-east-1")
CREDENTIALS = b"""# mine
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default-secret

[work]  # office
aws_access_key_id=AKIAWORK
aws_secret_access_key=work/secret==
aws_session_token = token
"""
CONFIG = b"""[default]
region = eu-west-1

[profile work]
region = eu-central-1
s3 =
    max_concurrent_requests = 20

[profile sso]
sso_session = corp
[sso-session corp]
sso_region = us-east-1
"""


def session(files: AwsFiles, name: str | None = None) -> Any:
    made = botocore.session.Session(profile=name)
    made.set_config_variable("config_file", str(files.config))
    made.set_config_variable("credentials_file", str(files.credentials))
    return made


def profiles(files: AwsFiles) -> dict[str, dict[str, Any]]:
    """Every profile as botocore puts it together."""
    return dict(session(files).full_config["profiles"])


def refused(call: Any, code: ExitCode = ExitCode.REFUSED) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        call()
    assert caught.value.code is code
    return caught.value
