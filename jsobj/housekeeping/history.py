"""What places held when they were looked at before, on this computer: so that growth can be told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from jsobj.atomic import write_private_file
from jsobj.errors import JsobjError
from jsobj.housekeeping.counting import Count

_KEPT = 100  # looks; the oldest go first
_FOLDERS = 200  # the largest of a look


@dataclass(frozen=True, slots=True)
class Look:
    """What was there at ``time`` (seconds since 1970); ``folders`` where it was listed, the largest of them."""

    time: float
    count: Count
    folders: Mapping[str, Count] = field(default_factory=dict)


class History:
    """The looks at one place. ``place``: what tells it from others, such as server, project, bucket and prefix.

    A file that cannot be read or written is no error.
    """

    def __init__(self, state_dir: Path, *place: str) -> None:
        name = hashlib.sha256("\0".join(place).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._path = state_dir / "usage" / f"{name}.json"

    def looks(self) -> list[Look]:
        """The oldest first."""
        try:
            return [_look(item) for item in json.loads(self._path.read_bytes())["looks"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return []

    def add(self, look: Look) -> None:
        """Keep one more. Of the folders, only the newest look that has any keeps them."""
        before = self.looks()
        if look.folders:
            before = [Look(each.time, each.count) for each in before]
        kept = [*before, look][-_KEPT:]
        with suppress(JsobjError, OSError):
            write_private_file(self._path, json.dumps({"looks": [_data(each) for each in kept]}).encode())


def _data(look: Look) -> dict[str, object]:
    ordered = sorted(look.folders.items(), key=lambda named: -named[1].size)[:_FOLDERS]
    folders = {name: [count.objects, count.size] for name, count in ordered}
    return {"time": look.time, "objects": look.count.objects, "bytes": look.count.size, "folders": folders}


def _look(item: Mapping[str, object]) -> Look:
    folders = item["folders"]
    if not isinstance(folders, dict):
        raise TypeError("folders")
    counts = {str(name): Count(int(objects), int(size)) for name, (objects, size) in folders.items()}
    return Look(float(str(item["time"])), Count(int(str(item["objects"])), int(str(item["bytes"]))), counts)
