"""The proof that a profile works for other programs: plain boto3, given nothing but the profile's name.

It runs as a process of its own (:mod:`jsobj.ec2_keys.programs.boto3_proof`), started early: while Keystone answers,
the other core imports boto3. The two files are named explicitly, so that the proof is about what was written.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.aws_files.profile import AwsFiles
from jsobj.identity.settings import Settings

_PROGRAM = Path(__file__).with_name("programs") / "boto3_proof.py"
_SECONDS = 120.0

# Variables that beat what a profile says (botocore's configprovider.py), and the setting that they replace. Keys in the
# environment do not: botocore passes over them where a profile is named.
_OVERRIDING = {
    "AWS_ENDPOINT_URL_S3": "endpoint_url",
    "AWS_ENDPOINT_URL": "endpoint_url",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "",
    "AWS_DEFAULT_REGION": "region",
}


def overriding(settings: Settings, *, endpoint_url: str, region: str) -> tuple[str, ...]:
    """The variables in the user's environment that make other tools see something else than this profile."""
    profile = {"endpoint_url": endpoint_url, "region": region}
    return tuple(
        name
        for name, setting in _OVERRIDING.items()
        if settings.get(name) and settings.get(name).rstrip("/") != profile.get(setting)
    )


class Prover:
    """``with Prover() as prover: ... prover.buckets(files, name)``; leaving it ends the process."""

    def __init__(self) -> None:
        # By path, not -m: the folder of the program, never the current one, is where it imports from first.
        self._process = subprocess.Popen(  # noqa: S603 - our own program and interpreter
            [sys.executable, str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Prover:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def buckets(self, files: AwsFiles, name: str) -> tuple[str, ...]:
        """The buckets that ``boto3.Session(profile_name=name).client("s3").list_buckets()`` sees.

        Variables that override a profile are left out (see :func:`overriding`): the proof is about the files.

        Raises :class:`JsobjError` (auth, network) with boto3's own words.
        """
        request = {
            "profile": name,
            "credentials_file": str(files.credentials),
            "config_file": str(files.config),
            "ignored": list(_OVERRIDING),
        }
        try:
            out, err = self._process.communicate(json.dumps(request) + "\n", timeout=_SECONDS)
            answer = json.loads(out)
        except (subprocess.TimeoutExpired, ValueError) as error:
            last = "" if isinstance(error, subprocess.TimeoutExpired) else err.strip().rpartition("\n")[2]
            raise _unusable(name, last or f"no answer within {_SECONDS:.0f} seconds") from error
        if "refused" in answer:
            sentence = f"boto3 with profile '{name}' is refused"
            hint = "jsobj ec2-creds --new makes another key; AWS_* variables in the environment can get in the way"
            raise JsobjError("profile-refused", sentence, code=ExitCode.AUTH, context=str(answer["refused"]), hint=hint)
        if "failed" in answer:
            raise _unusable(name, str(answer["failed"]))
        return tuple(str(bucket) for bucket in answer["buckets"])


def _unusable(name: str, said: str) -> JsobjError:
    sentence = f"boto3 with profile '{name}' cannot reach the object store"
    hint = "AWS_* variables in the environment can get in the way: env | grep ^AWS_"
    return JsobjError("profile-unusable", sentence, code=ExitCode.NETWORK, context=said, hint=hint)
