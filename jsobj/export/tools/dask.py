"""dask: variables that each worker's nanny sets before the worker starts.

Where workers share the user's home folder, nothing is needed: ``storage_options()`` names a profile or a cloud that
they read themselves. This is for workers elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from jsobj.export import os_variables, variables
from jsobj.export.configuration import Configuration, Whole, Word
from jsobj.export.logins import S3Login, SwiftLogin
from jsobj.export.yamltext import mapping

_NOTE = "it belongs on the machines of the workers; where they share your home folder, nothing is needed"


def configure(s3: S3Login) -> Configuration:
    """A file of dask's configuration, to be where the workers are."""
    return _file(s3.name, variables.everything(s3), _NOTE)


def configure_swift(swift: SwiftLogin) -> Configuration:
    """The same, so that ``swift://`` opens on workers that have jsobj."""
    notes = (_NOTE, "the workers need jsobj installed", os_variables.OTHERS_NOTE, os_variables.cacert_note(swift))
    return _file(f"{swift.name}-swift", os_variables.everything(swift), "; ".join(filter(None, notes)))


def _file(name: str, pairs: Mapping[str, Word], note: str) -> Configuration:
    text = ("distributed:\n  nanny:\n    pre-spawn-environ:\n", *mapping(pairs, 6))
    example = "jsobj doctor --from-dask tcp://SCHEDULER:8786"
    return Configuration((Whole(f"~/.config/dask/jsobj-{name}.yaml", text),), example, note)
