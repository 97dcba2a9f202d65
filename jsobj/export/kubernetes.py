"""Kubernetes: a Secret whose entries are variables, for ``envFrom``."""

from __future__ import annotations

import re

from jsobj.export.configuration import Configuration, Whole, Word
from jsobj.export.connection import Connection
from jsobj.export.variables import everything
from jsobj.export.yamltext import inner


def configure(connection: Connection) -> Configuration:
    """A manifest for ``kubectl apply``."""
    name = re.sub(r"[^a-z0-9-]+", "-", connection.name.lower()).strip("-") or "jsobj"
    pieces: list[Word] = [
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}-object-store\ntype: Opaque\nstringData:\n"
    ]
    for variable, value in everything(connection).items():
        pieces += [f'  {variable}: "', inner(value), '"\n']
    return Configuration(
        (Whole("", tuple(pieces)),),
        "jsobj export kubernetes | kubectl apply -f -",
        f"in a pod: envFrom: [{{secretRef: {{name: {name}-object-store}}}}]",
    )
