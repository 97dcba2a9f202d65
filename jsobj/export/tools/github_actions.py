"""GitHub Actions: settings in the workflow, secrets in the repository's store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jsobj.export import os_variables, variables
from jsobj.export.configuration import Configuration, Word
from jsobj.export.logins import S3Login, SwiftLogin
from jsobj.export.yamltext import mapping

_EXAMPLE = "gh secret list"
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
    note = "store the keys: jsobj export dotenv | gh secret set --env-file -"
    return Configuration.of_text(_env(variables.keys(s3), variables.settings(s3)), _EXAMPLE, note)


def configure_swift(swift: SwiftLogin) -> Configuration:
    """A whole workflow that uploads a file; what logs in is references, nothing secret."""
    env = "".join(map(str, _env(os_variables.credentials(swift), os_variables.settings(swift))))
    notes = os_variables.ci_notes(swift, "gh secret set $name")
    return Configuration.of_text((_JOB.format(env=env, bucket=swift.a_bucket),), _EXAMPLE, *notes)


def _env(secrets: Iterable[str], settings: Mapping[str, Word]) -> tuple[Word, ...]:
    return ("env:\n", *(f"  {name}: ${{{{ secrets.{name} }}}}\n" for name in secrets), *mapping(settings, 2))
