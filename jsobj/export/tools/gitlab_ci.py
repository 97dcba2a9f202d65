"""GitLab CI: settings in the pipeline, secrets in the project's variables."""

from __future__ import annotations

from collections.abc import Mapping

from jsobj.export import os_variables, variables
from jsobj.export.configuration import Configuration, Word
from jsobj.export.logins import S3Login, SwiftLogin
from jsobj.export.yamltext import mapping

_EXAMPLE = "glab variable list"
_JOB = """\
{variables}
upload:
  image: python:3.12
  script:
    - pip install jsobj
    - jsobj login --as ci --no-input
    - jsobj upload README.md swift://{bucket}/ --cloud ci
"""


def configure(s3: S3Login) -> Configuration:
    """A block for ``.gitlab-ci.yml``; the two keys are the project's masked variables, which every job sees."""
    note = "store AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as masked variables of the project: Settings, CI/CD"
    return Configuration.of_text((_variables(variables.settings(s3)),), _EXAMPLE, note)


def configure_swift(swift: SwiftLogin) -> Configuration:
    """A whole pipeline that uploads a file; what logs in is the project's masked variables."""
    text = _JOB.format(variables=_variables(os_variables.settings(swift)), bucket=swift.a_bucket)
    notes = os_variables.ci_notes(swift, "glab variable set $name --masked --raw")
    return Configuration.of_text((text,), _EXAMPLE, *notes)


def _variables(settings: Mapping[str, Word]) -> str:
    """GitLab expands ``$NAME`` in values, and reads ``$$`` as a dollar."""
    pairs = {name: str(value).replace("$", "$$") for name, value in settings.items()}
    return "".join(map(str, ("variables:\n", *mapping(pairs, 2))))
