"""GitHub Actions: settings in the workflow, secrets in the repository's store."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Whole
from jsobj.export.connection import Connection
from jsobj.export.variables import keys, settings
from jsobj.export.yamltext import quoted


def configure(connection: Connection) -> Configuration:
    """A block for the workflow, in which the two keys are references; nothing secret."""
    lines = ["env:"]
    lines += [f"  {name}: ${{{{ secrets.{name} }}}}" for name in keys(connection)]
    lines += [f"  {name}: {quoted(str(value))}" for name, value in settings(connection).items()]
    return Configuration(
        (Whole("", ("\n".join(lines) + "\n",)),),
        "gh secret list",
        "store the keys: jsobj export dotenv | gh secret set --env-file -",
    )
