"""dask: variables that each worker's nanny sets before the worker starts.

Where workers share the user's home folder, nothing is needed: ``storage_options()`` names a profile that they read
themselves. This is for workers elsewhere.
"""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Whole, Word
from jsobj.export.connection import Connection
from jsobj.export.variables import everything
from jsobj.export.yamltext import inner


def configure(connection: Connection) -> Configuration:
    """A file of dask's configuration, to be where the workers are."""
    pieces: list[Word] = ["distributed:\n  nanny:\n    pre-spawn-environ:\n"]
    for variable, value in everything(connection).items():
        pieces += [f'      {variable}: "', inner(value), '"\n']
    return Configuration(
        (Whole(f"~/.config/dask/jsobj-{connection.name}.yaml", tuple(pieces)),),
        "jsobj doctor --from-dask tcp://SCHEDULER:8786",
        "it belongs on the machines of the workers; where they share your home folder, nothing is needed",
    )
