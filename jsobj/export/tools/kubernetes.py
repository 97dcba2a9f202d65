"""Kubernetes: a Secret whose entries are variables, for ``envFrom``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jsobj.export import os_variables, variables
from jsobj.export.configuration import Configuration, Whole, Word
from jsobj.export.connection import S3Login, SwiftLogin
from jsobj.export.yamltext import inner


def configure(s3: S3Login) -> Configuration:
    """A manifest for ``kubectl apply``."""
    return _manifest(f"{_plain(s3.name)}-object-store", variables.everything(s3))


def configure_swift(swift: SwiftLogin) -> Configuration:
    """The same with the variables of OpenStack's programs and jsobj."""
    name = f"{_plain(swift.name)}-swift"
    return _manifest(name, os_variables.everything(swift), " --swift", os_variables.cacert_note(swift))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "jsobj"


def _manifest(name: str, values: Mapping[str, Word], option: str = "", note: str = "") -> Configuration:
    pieces: list[Word] = [f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\nstringData:\n"]
    for variable, value in values.items():
        pieces += [f'  {variable}: "', inner(value), '"\n']
    return Configuration(
        (Whole("", tuple(pieces)),),
        f"jsobj export kubernetes{option} | kubectl apply -f -",
        "; ".join(filter(None, (f"in a pod: envFrom: [{{secretRef: {{name: {name}}}}}]", note))),
    )
