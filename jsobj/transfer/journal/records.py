"""The values that a journal keeps, and how they lie in its tables."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class JobKey:
    """What a job is. Two commands with the same first group of values are the same job; the rest helps to repeat it.

    ``sources`` and ``destination``: absolute paths and URLs; ``options``: those that change what is sent or where it
    goes. ``words``: what was typed after ``jsobj``, to be typed again in ``cwd``. ``folder``: where a download's
    temporary files are. No secret is in any of them.
    """

    verb: str
    sources: tuple[str, ...]
    destination: str
    dialect: str
    bucket: str
    endpoint: str
    project: str = ""
    options: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    cwd: str = ""
    folder: str = ""
    cloud: str = ""
    profile: str = ""

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits."""
        return hashlib.sha256(json.dumps(self._identity()).encode()).hexdigest()[:12]

    def is_same(self, other: JobKey) -> bool:
        """Whether both mean the same job."""
        return self._identity() == other._identity()

    def _identity(self) -> list[Any]:
        return [getattr(self, name) for name in _SAME]

    def to_json(self) -> str:
        """As it is stored: ASCII, also for names that are not valid Unicode."""
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, text: str) -> JobKey:
        """Raises :class:`ValueError` for what :meth:`to_json` did not make."""
        values: Any = json.loads(text)
        if not isinstance(values, dict) or set(values) != set(cls.__slots__):
            raise ValueError("not the description of a job")
        for name, value in values.items():
            if name not in _LISTS:
                _require_texts([value])
            elif isinstance(value, list):
                _require_texts(value)
                values[name] = tuple(value)
            else:
                raise ValueError(f"'{name}' is not a list")
        return cls(**values)


def _require_texts(values: list[Any]) -> None:
    if not all(isinstance(value, str) for value in values):
        raise ValueError("a value is not a text")


_LISTS = frozenset({"sources", "options", "words"})
_SAME = ("verb", "sources", "destination", "dialect", "bucket", "endpoint", "project", "options")


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A multipart upload under way. ``upload_id`` is "" where the run was killed before it was known."""

    key: str
    path: str
    size: int
    part_size: int
    upload_id: str
    parts: int = 0


@dataclass(frozen=True, slots=True)
class DownloadRecord:
    """A download in parts under way. ``temp`` is its temporary file's name; ``parts``: number to MD5 of what came.

    ``prefixes``: number to bytes and MD5 of the beginning of a part that did not come whole.
    """

    key: str
    name: str
    etag: str
    size: int
    part_size: int
    temp: str
    parts: Mapping[int, str] = field(default_factory=dict)
    prefixes: Mapping[int, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeftoverUpload:
    """A multipart upload that no run will finish, and that may still be on the server: to be aborted."""

    key: str
    upload_id: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that did not arrive, and why."""

    item: str
    reference: str
    message: str


UPLOADS = (
    "SELECT key, path, size, part_size, upload_id, "
    "(SELECT count(*) FROM upload_parts WHERE upload_parts.key = uploads.key) FROM uploads"
)
DOWNLOADS = "SELECT key, name, etag, size, part_size, temp FROM downloads"
LEFTOVERS = "SELECT key, upload_id FROM leftovers"


Record = TypeVar("Record")


def record(kind: Callable[..., Record], row: Iterable[Any], **more: Any) -> Record:
    """A row as a value of ``kind``, whose fields have the order of the columns. Raises :class:`ValueError`."""
    return kind(*(text(value) if isinstance(value, bytes) else value for value in row), **more)


def require_readable(connection: sqlite3.Connection) -> None:
    """Raise :class:`ValueError` where a text cannot be decoded, or a name would lead out of the folder."""
    for row in connection.execute(UPLOADS):
        record(UploadRecord, row)
    for row in connection.execute(LEFTOVERS):
        record(LeftoverUpload, row)
    for row in connection.execute(DOWNLOADS):
        found = record(DownloadRecord, row)
        if found.temp in {"", ".", ".."} or "/" in found.temp or {"", ".", ".."} & set(found.name.split("/")):
            raise ValueError("the name of a file is not one")


def jobs_folder(state_dir: Path) -> Path:
    """Where the journals are."""
    return state_dir / "jobs"


def job_ids(state_dir: Path) -> Iterator[str]:
    """The ids of all jobs, by the names of their files alone."""
    with contextlib.suppress(FileNotFoundError), os.scandir(jobs_folder(state_dir)) as entries:
        for entry in entries:
            name, dot, ending = entry.name.partition(".")
            if dot and ending == "db":
                yield name


def no_such(job_id: str) -> NoReturn:
    """Raise not found."""
    raise JsobjError(
        "job-not-found", f"there is no job '{job_id[:80]}'", code=ExitCode.NOT_FOUND, hint="see all: jsobj jobs list"
    )


def packed(value: str) -> bytes:
    """As it is stored: names may hold what is not valid Unicode, which SQLite's texts cannot."""
    return value.encode("utf-8", "surrogatepass")


def text(value: bytes) -> str:
    """As it was before :func:`packed`. Raises :class:`ValueError` for bytes that it did not make."""
    return value.decode("utf-8", "surrogatepass")
