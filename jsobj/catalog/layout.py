"""Where a catalogue's own objects are, below the prefix that its data are below.

``schema.json`` says which columns name a row; ``parts/`` has the rows, in Parquet files that never change; ``loads/``
who loaded which part when; ``manifest.json`` lists the parts for readers who may not list; ``search/`` is derived.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.net.body import BoundedSink, BytesSource
from jsobj.store.objects import Store
from jsobj.store.values import PutOptions

ROOT = "_catalog/v1/"
COMPACTED = "c-"  # how the names of parts begin that stand for others
_PART = ".parquet"
_PART_NAME = re.compile(r"[0-9A-Za-z_-]{1,200}")  # no other is one: it becomes the name of a file
_JSON = PutOptions("application/json", served={"cache-control": "no-cache"})
_LARGEST_JSON = 64 * 1024 * 1024


def is_part_name(name: str) -> bool:
    """Whether a part may be called so."""
    return _PART_NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue in a bucket. ``prefix`` ends in a slash, or is "": its objects are below, and the data."""

    store: Store
    prefix: str

    @property
    def root(self) -> str:
        """The key that the names of its own objects begin with."""
        return f"{self.prefix}{ROOT}"

    @property
    def parts(self) -> str:
        """The prefix of its parts."""
        return f"{self.root}parts/"

    @property
    def url(self) -> str:
        """As it would be typed."""
        return self.store.place.url(self.prefix)

    def part(self, name: str) -> str:
        """The key of a part."""
        return f"{self.parts}{name}{_PART}"

    def part_name(self, key: str) -> str:
        """The name of the part that a key is of, "" for what is none."""
        name = key.removeprefix(self.parts)
        return name.removesuffix(_PART) if name.endswith(_PART) and is_part_name(name.removesuffix(_PART)) else ""

    def load(self, name: str) -> str:
        """The key of what is known about a part."""
        return f"{self.root}loads/{name}.json"

    @property
    def manifest(self) -> str:
        """The key of the list of parts."""
        return f"{self.root}manifest.json"

    @property
    def schema(self) -> str:
        """The key of the schema."""
        return f"{self.root}schema.json"

    def read_json(self, key: str) -> dict[str, Any] | None:
        """A small document of the catalogue; None where there is none. Raises integrity for what is no such thing."""
        sink = BoundedSink(_LARGEST_JSON)
        try:
            self.store.get(key, sink)  # as one answer has it: somebody may replace it at this moment
            document = json.loads(bytes(sink.data))
        except ObjectNotFound:
            return None
        except ValueError as error:
            raise self._odd(key) from error
        if not isinstance(document, dict):
            raise self._odd(key)
        return document

    def write_json(self, key: str, document: dict[str, Any]) -> None:
        """Write a small document; equal documents are equal bytes."""
        data = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode("utf-8", "replace")
        self.store.put(key, BytesSource(data), _JSON)

    def missing(self) -> JsobjError:
        """The error for a place without a catalogue."""
        return JsobjError(
            "catalog-missing",
            f"there is no catalogue at {self.url}",
            code=ExitCode.NOT_FOUND,
            hint=f"make one: jsobj catalog load FILE.csv {self.url} --files FOLDER",
        )

    def _odd(self, key: str) -> JsobjError:
        return JsobjError(
            "catalog-damaged",
            f"{self.store.place.url(key)} is not what a catalogue has there",
            code=ExitCode.INTEGRITY,
            hint=f"look at it: jsobj cat {self.store.place.url(key)}",
        )
