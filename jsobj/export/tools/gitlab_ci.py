"""GitLab CI: settings in the pipeline, secrets in the project's variables."""

from __future__ import annotations

from collections.abc import Mapping

from jsobj.export import os_variables, variables
from jsobj.export.configuration import Configuration, Whole, Word
from jsobj.export.connection import S3Login, SwiftLogin
from jsobj.export.yamltext import quoted

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
    """A block for ``.gitlab-ci.yml``; the two keys are the project's masked variables, which jobs see unasked."""
    return _configuration(
        _variables(variables.settings(s3)),
        "store AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as masked variables of the project: Settings, CI/CD",
    )


def configure_swift(swift: SwiftLogin) -> Configuration:
    """A whole pipeline that uploads a file; what logs in is the project's masked variables."""
    store = os_variables.store_in_ci(swift, "glab variable set $name --masked --raw")
    text = _JOB.format(variables=_variables(os_variables.settings(swift)), bucket=swift.a_bucket)
    notes = ("" if swift.bucket else "name the bucket with --bucket", os_variables.cacert_note(swift), store)
    return _configuration(text, "; ".join(filter(None, notes)))


def _variables(settings: Mapping[str, Word]) -> str:
    """GitLab expands ``$NAME`` in values, and reads ``$$`` as a dollar."""
    lines = ["variables:"]
    lines += [f"  {name}: {quoted(str(value).replace('$', '$$'))}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def _configuration(text: str, note: str) -> Configuration:
    return Configuration((Whole("", (text,)),), "glab variable list", note)
