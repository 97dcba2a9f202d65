"""GitHub Actions: settings in the workflow, secrets in the repository's store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jsobj.export import os_variables, variables
from jsobj.export.configuration import Configuration, Whole, Word
from jsobj.export.connection import S3Login, SwiftLogin
from jsobj.export.yamltext import quoted

_JOB = """\
name: upload
on: workflow_dispatch
{env}jobs:
  upload:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pipx install jsobj
      - run: jsobj login --as ci --no-input
      - run: jsobj upload README.md swift://{bucket}/ --cloud ci
"""


def configure(s3: S3Login) -> Configuration:
    """A block for the workflow, in which the two keys are references; nothing secret."""
    return _configuration(
        _env(variables.keys(s3), variables.settings(s3)),
        "store the keys: jsobj export dotenv | gh secret set --env-file -",
    )


def configure_swift(swift: SwiftLogin) -> Configuration:
    """A whole workflow that uploads a file; what logs in is references, nothing secret."""
    store = os_variables.store_in_ci(swift, "gh secret set $name")
    env = _env(os_variables.credentials(swift), os_variables.settings(swift))
    notes = ("" if swift.bucket else "name the bucket with --bucket", os_variables.cacert_note(swift), store)
    return _configuration(_JOB.format(env=env, bucket=swift.a_bucket), "; ".join(filter(None, notes)))


def _env(secrets: Iterable[str], settings: Mapping[str, Word]) -> str:
    lines = ["env:"]
    lines += [f"  {name}: ${{{{ secrets.{name} }}}}" for name in secrets]
    lines += [f"  {name}: {quoted(str(value))}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def _configuration(text: str, note: str) -> Configuration:
    return Configuration((Whole("", (text,)),), "gh secret list", note)
