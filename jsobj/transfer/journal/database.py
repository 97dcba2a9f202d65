"""The file of a journal: one SQLite database, private, locked by the run that it belongs to, and never trusted.

The schema itself says what is valid: types, ranges, no duplicates. A file that is damaged, of another version, or
breaks one of its rules is set aside whole, and the run starts over; what was under way is then known to the server only
(``jsobj uploads list``).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.locks import Lock, try_lock, unlock

if TYPE_CHECKING:
    import sqlite3

VERSION = 2
_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps next to a database
# What SQLite itself would let pass: its columns take values of every type.
_RULES = {
    "text": "BLOB NOT NULL CHECK (typeof({0}) = 'blob' AND length({0}) <= 65536)",
    "md5": "BLOB NOT NULL CHECK (typeof({0}) = 'blob' AND length({0}) = 16)",
    "size": "INTEGER NOT NULL CHECK (typeof({0}) = 'integer' AND {0} BETWEEN 0 AND 1125899906842624)",
    "number": "INTEGER NOT NULL CHECK (typeof({0}) = 'integer' AND {0} BETWEEN 1 AND 1000000)",
    "time": "INTEGER NOT NULL CHECK (typeof({0}) = 'integer' AND {0} BETWEEN 0 AND 1099511627776)",
    "ns": "INTEGER NOT NULL CHECK (typeof({0}) = 'integer')",
    "json": "TEXT NOT NULL CHECK (typeof({0}) = 'text' AND length({0}) <= 16777216)",
}
# Texts are UTF-8 in blobs; so is the inode, which has 64 bits and no sign. An upload's id is empty while only the
# intention to begin it is known.
_TABLES = """
CREATE TABLE job (
    one INTEGER PRIMARY KEY CHECK (one = 1), what <json>, pid <time>, created <time>, updated <time>,
    state TEXT NOT NULL CHECK (state IN ('running', 'interrupted', 'failed', 'done'))
)

CREATE TABLE uploads (
    key <text> PRIMARY KEY, path <text>, size <size>, mtime_ns <ns>, inode <text>, upload_id <text>, part_size <size>
)

CREATE TABLE upload_parts (
    key <text> REFERENCES uploads (key) ON DELETE CASCADE, number <number>, size <size>, etag <text>,
    PRIMARY KEY (key, number)
)

CREATE TABLE leftovers (key <text>, upload_id <text>, PRIMARY KEY (key, upload_id))

CREATE TABLE downloads (
    key <text>, name <text>, etag <text>, size <size>, part_size <size>, temp <text>, PRIMARY KEY (key, name)
)

CREATE TABLE download_parts (
    key <text>, name <text>, number <number>, md5 <md5>, PRIMARY KEY (key, name, number),
    FOREIGN KEY (key, name) REFERENCES downloads (key, name) ON DELETE CASCADE
)

CREATE TABLE download_prefixes (
    key <text>, name <text>, number <number>, size <size>, md5 <md5>, PRIMARY KEY (key, name, number),
    FOREIGN KEY (key, name) REFERENCES downloads (key, name) ON DELETE CASCADE
)

CREATE TABLE failures (number INTEGER PRIMARY KEY, item <text>, reference <text>, message <text>)
"""
SCHEMA = tuple(
    re.sub(r"(\w+) <(\w+)>", lambda found: f"{found[1]} {_RULES[found[2]].format(found[1])}", table)
    for table in _TABLES.strip().split("\n\n")
)

_SINCE_2 = frozenset(table for table in SCHEMA if "TABLE download_prefixes" in table)


class Unusable(Exception):
    """The file is no journal that this version can use; the text says why."""


class JobLock:
    """The exclusive right to run a job."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> JobLock:
        """Take it. Raises :class:`JsobjError` (local, ``job-in-progress``) where another process has it, OSError."""
        while True:
            descriptor = opened_private(path)
            try:
                _require_lock(descriptor, path)
                if _names(path, descriptor):
                    os.ftruncate(descriptor, 0)
                    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
                    return cls(path, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # the run that had it before removed the file: lock the new one

    def release(self, *, remove: bool) -> None:
        """Release it; ``remove``: there is nothing left to lock."""
        if remove:
            self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            unlock(self._descriptor)
        os.close(self._descriptor)


def _require_lock(descriptor: int, path: Path) -> None:
    # Without locks two runs at once only do the work twice.
    if try_lock(descriptor) is Lock.HELD:
        pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        raise JsobjError(
            "job-in-progress",
            f"another jsobj (pid {pid or 'unknown'}) is working on this at the moment",
            code=ExitCode.LOCAL,
            context=f"job {path.stem}",
            hint="wait until it ends, or stop it; then run the same command again",
        )


def _names(path: Path, descriptor: int) -> bool:
    """Whether the path still leads to the open file."""
    try:
        named, held = os.stat(path, follow_symlinks=False), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)


def create(path: Path | None, begin: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """A new journal; None for one in memory. ``begin`` writes the first rows: no moment has tables without them."""
    if path is None:
        connection = _connected(":memory:")
    else:
        os.close(opened_private(path))
        connection = _connected(str(path))
    connection.execute("PRAGMA synchronous = NORMAL")
    # Where WAL cannot be (some network file systems), SQLite stays with its older way, which is as safe and slower.
    connection.execute("PRAGMA journal_mode = WAL")
    with transaction(connection):
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        begin(connection)
    return connection


def make_folder(folder: Path) -> None:
    """Make a folder and its parent, private whatever the umask. Raises OSError."""
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    for each in (folder.parent, folder):
        try:
            each.mkdir(mode=0o700)
        except FileExistsError:
            if not each.is_dir():
                raise
        else:
            each.chmod(0o700)


def opened_private(path: Path) -> int:
    """A file for this user alone, made where it is not there. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    os.fchmod(descriptor, 0o600)  # the umask can have taken bits away
    return descriptor


def open_existing(path: Path) -> sqlite3.Connection | None:
    """A journal that is there, checked; None where nothing was written to it yet.

    Raises :class:`Unusable`.
    """
    import sqlite3

    if not path.exists():
        return None
    connection = None
    try:
        connection = _connected(str(path))
        connection.execute("PRAGMA synchronous = NORMAL")
        if not _checked(connection):
            connection.close()
            return None
        if connection.execute("PRAGMA user_version").fetchone()[0] < VERSION:
            _renew(connection)
    except (sqlite3.Error, Unusable, UnicodeError) as error:  # its messages may quote what is not text
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        if isinstance(error, sqlite3.OperationalError) and path.exists() and not os.access(path, os.R_OK | os.W_OK):
            raise _refused(path) from error
        raise error if isinstance(error, Unusable) else Unusable(f"it is damaged ({error})") from error
    return connection


def _checked(connection: sqlite3.Connection) -> bool:
    """Whether the file has a journal in it. Raises :class:`Unusable` or sqlite3's errors for a bad one."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    schema = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    if not version and not schema:
        return False
    if version not in {1, VERSION}:
        raise Unusable(f"it is of version {version}, and this jsobj knows {VERSION}")
    if set(schema) != (set(SCHEMA) if version == VERSION else set(SCHEMA) - _SINCE_2):
        raise Unusable("its tables are not those of a journal")
    # Pages, indexes, and each row against the rules of the schema.
    problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if problem != "ok":
        raise Unusable(f"it is damaged ({problem})")
    if (row := connection.execute("PRAGMA foreign_key_check").fetchone()) is not None:
        raise Unusable(f"it is damaged (a part of nothing in {row[0]})")
    return True


def _renew(connection: sqlite3.Connection) -> None:
    """Make a journal of version 1 one of version 2, which only knows more."""
    with transaction(connection):
        for table in _SINCE_2:
            connection.execute(table)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _connected(name: str) -> sqlite3.Connection:
    import sqlite3

    # No statement is ever made of anything but constants, and a thread uses the connection only under the journal's
    # lock.
    connection = sqlite3.connect(name, timeout=5, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def set_aside(path: Path) -> Path:
    """Move a file that is not usable out of the way; its new path. One is kept."""
    _remove_beside(path)
    aside = path.with_suffix(".damaged")
    path.replace(aside)
    return aside


def remove(path: Path) -> None:
    """Remove a journal that is closed."""
    path.unlink(missing_ok=True)  # first: without it, what is beside it means nothing
    _remove_beside(path)


def _remove_beside(path: Path) -> None:
    for ending in _BESIDE:
        Path(f"{path}{ending}").unlink(missing_ok=True)


@contextlib.contextmanager
def translate_errors(path: Path | None) -> Iterator[None]:
    """Turn errors of SQLite and the system into :class:`JsobjError` (local)."""
    import sqlite3

    try:
        yield
    except (sqlite3.Error, OSError, UnicodeError) as error:
        raise JsobjError(
            "journal-not-written",
            f"the journal {path or 'in memory'} cannot be written",
            code=ExitCode.LOCAL,
            context=getattr(error, "strerror", None) or str(error),
            hint="free some space or mend the folder, or use another: XDG_STATE_HOME=/somewhere/else jsobj ...",
        ) from error


def _refused(path: Path) -> JsobjError:
    return JsobjError(
        "journal-not-readable",
        f"the journal {path} cannot be read and written",
        code=ExitCode.LOCAL,
        hint=f"look at who owns it: ls -l {path}",
    )
