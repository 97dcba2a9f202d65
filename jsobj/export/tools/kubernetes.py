"""Kubernetes: a Secret whose entries are variables, for ``envFrom``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jsobj.export import os_variables, variables
from jsobj.export.configuration import Configuration, Word
from jsobj.export.logins import S3Login, SwiftLogin
from jsobj.export.yamltext import mapping


def configure(s3: S3Login) -> Configuration:
    """A manifest for ``kubectl apply``."""
    return _manifest(f"{_plain(s3.name)}-object-store", variables.everything(s3))


def configure_swift(swift: SwiftLogin) -> Configuration:
    """The same with the variables of OpenStack's programs and jsobj."""
    name = f"{_plain(swift.name)}-swift"
    return _manifest(name, os_variables.everything(swift), " --swift", os_variables.cacert_note(swift))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "jsobj"


def _manifest(name: str, pairs: Mapping[str, Word], option: str = "", note: str = "") -> Configuration:
    head = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\nstringData:\n"
    example = f"jsobj export kubernetes{option} | kubectl apply -f -"
    use = f"in a pod: envFrom: [{{secretRef: {{name: {name}}}}}]"
    return Configuration.of_text((head, *mapping(pairs, 2)), example, use, note)
