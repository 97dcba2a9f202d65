"""GitLab CI: settings in the pipeline, secrets in the project's variables."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Whole
from jsobj.export.connection import Connection
from jsobj.export.variables import settings
from jsobj.export.yamltext import quoted


def configure(connection: Connection) -> Configuration:
    """A block for ``.gitlab-ci.yml``; the two keys are the project's masked variables, which jobs see unasked.

    GitLab expands ``$NAME`` in values, and reads ``$$`` as a dollar.
    """
    lines = ["variables:"]
    lines += [f"  {name}: {quoted(str(value).replace('$', '$$'))}" for name, value in settings(connection).items()]
    return Configuration(
        (Whole("", ("\n".join(lines) + "\n",)),),
        "glab variable list",
        "store AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as masked variables of the project: Settings, CI/CD",
    )
