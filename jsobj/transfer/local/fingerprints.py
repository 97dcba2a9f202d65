"""Remembering which local files are which objects, so that a second run need not read them again.

A row says: this file, as it was then (size, times, inode), had the content of the object with that ETag, which was
compared at the time. It is a cache: whatever is wrong with it (damaged, locked, a full disk), it knows nothing, and the
bytes are compared as ever. SQLite without WAL, because home folders often lie on network file systems.

A row must show every change that comes after the bytes were read. Each change sets the inode's time of change, and each
but a program's own setting of times the modification time, to the file system's clock; a change in the same step of
that clock as the one before leaves both as they are. (Git calls such an entry of its index "racily clean", and reads
the file once more.) So a file is remembered only if its newest stamp is older than the moment from which on it was read
by more than that step: then every change before the moment is in what was read, and every one after it has a newer
stamp. How long the step is: :mod:`jsobj.transfer.local.stamps`. The moment is when the plan looked at the file, which
it does before it opens it. So a run that was started right after its files were written keeps what it has read, and the
next one need not read them again.

A file that this run has written itself has a new time of change, and the modification time of the object. There that
alone is asked to be older than the run: whoever writes to the file afterwards makes it newer.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from jsobj.transfer.local.scan import LocalFile
from jsobj.transfer.local.stamps import COARSE, now_ns, step, ticks

if TYPE_CHECKING:
    import sqlite3

_VERSION = 1
_BATCH, _SECONDS = 500, 1.0  # rows, or seconds, after which they are written
_WINDOW = 500  # rows that are read at once: the files of a folder are looked up in order of name
_KEPT_DAYS, _CLEANED_DAYS = 180, 30
_LARGEST = 256 * 1024**2  # bytes of the database, about two million files; then it starts empty
_WAIT = 2.0  # seconds for another process that writes
_DAY = 86_400

# The window: a folder, the first name, the last one (None: all to the folder's end).
_NOWHERE = (b"", b"", b"")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    folder BLOB, name BLOB, size INTEGER, mtime_ns INTEGER, changed_ns INTEGER, inode TEXT, etag TEXT, day INTEGER,
    PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cleaned (day INTEGER);
"""
_READ = """
SELECT name, size, mtime_ns, changed_ns, inode, etag FROM files WHERE folder = ? AND name >= ? ORDER BY name LIMIT ?
"""

_Key: TypeAlias = tuple[bytes, bytes]
_State: TypeAlias = tuple[int, int, int, str]  # size, mtime_ns, changed_ns, inode


class Fingerprints:
    """The cache in the file ``path``, opened on first use. Shared by threads. Never raises."""

    def __init__(self, path: Path, *, now: float | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._base: sqlite3.Connection | None = None
        self._off = False
        self._began = now_ns() / 10**9 if now is None else now
        self._folder: tuple[str, str, bytes] = ("", "", b"")
        self._ticking: tuple[str, bool] = ("", False)
        self._window: dict[bytes, tuple[_State, str]] = {}
        self._window_key: tuple[bytes, bytes, bytes | None] = _NOWHERE
        self._new: dict[_Key, tuple[_State, str]] = {}
        self._written = time.monotonic()

    def known(self, file: LocalFile, place: str) -> str:
        """The ETag that the object at ``place`` had when its bytes were those of ``file``; "" where that is not known.

        ``place`` is the object's whole address, with the server. Asking in the order of the names is fast.
        """
        with self._lock:
            folder, name = key = self._key(file, place)
            found = self._new.get(key)
            if found is None:
                if not self._in_window(folder, name):
                    self._load(folder, name)
                found = self._window.get(name)
            return found[1] if found is not None and found[0] == _state(file) else ""

    def remember(self, file: LocalFile, place: str, etag: str) -> None:
        """``file`` has the bytes of the object at ``place``: that was compared after this object was made.

        Not kept for a file that was written to just before it was read, or since: it could change once more without its
        time stamps showing it (see above).
        """
        if not etag:
            return
        with self._lock:
            if not self._shows_changes(file):
                return
            self._new[self._key(file, place)] = (_state(file), etag)
            if len(self._new) >= _BATCH or time.monotonic() - self._written >= _SECONDS:
                self._write()

    def close(self) -> None:
        """Write what is new, and close the file."""
        with self._lock:
            if self._new:
                self._write()
                self._tried(self._clean)
            self._disconnect()

    # -- all below is done with the lock held

    def _key(self, file: LocalFile, place: str) -> _Key:
        path, name = os.path.split(file.path)
        there, _, last = place.rpartition("/")
        if self._folder[:2] != (path, there):
            import hashlib

            whole = f"{os.path.abspath(path)}\0{there}".encode(errors="surrogatepass")
            self._folder = (path, there, hashlib.blake2b(whole, digest_size=16).digest())
        text = name if name == last else f"{name}/{last}"
        return self._folder[2], text.encode(errors="surrogatepass")

    def _shows_changes(self, file: LocalFile) -> bool:
        """Whether each change of ``file`` after it was read has another stamp than it has now."""
        newest, read = file.mtime_ns, int(self._began * 10**9)
        if file.seen_ns:
            newest, read = max(newest, file.changed_ns), file.seen_ns
        if read - newest > COARSE:
            return True
        folder = os.path.dirname(file.path) or "."
        if self._ticking[0] != folder:
            self._ticking = (folder, ticks(folder))
        return read - newest > step(newest, ticking=self._ticking[1])

    def _in_window(self, folder: bytes, name: bytes) -> bool:
        at, first, last = self._window_key
        return at == folder and first <= name and (last is None or name <= last)

    def _load(self, folder: bytes, name: bytes) -> None:
        self._window, self._window_key = {}, (folder, name, None)
        rows = self._tried(lambda base: base.execute(_READ, (folder, name, _WINDOW)).fetchall())
        for found, size, mtime_ns, changed_ns, inode, etag in rows or ():
            self._window[found] = ((size, mtime_ns, changed_ns, inode), etag)
        if rows and len(rows) == _WINDOW:
            self._window_key = (folder, name, rows[-1][0])

    def _write(self) -> None:
        today = int(self._began // _DAY)
        rows = [(*key, *state, etag, today) for key, (state, etag) in self._new.items()]

        def write(base: sqlite3.Connection) -> None:
            with base:
                base.executemany("REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

        self._tried(write)
        self._new.clear()
        self._window_key = _NOWHERE
        self._written = time.monotonic()

    def _clean(self, base: sqlite3.Connection) -> None:
        """Drop what was not compared for long; once a month, because it reads every row."""
        today = int(self._began // _DAY)
        with base:
            (last,) = base.execute("SELECT max(day) FROM cleaned").fetchone()
            if last is None or not today - _CLEANED_DAYS < last <= today:
                base.execute("DELETE FROM files WHERE day < ? OR day > ?", (today - _KEPT_DAYS, today))
                base.execute("DELETE FROM cleaned")
                base.execute("INSERT INTO cleaned VALUES (?)", (today,))

    def _tried(self, use: Any) -> Any:
        """What ``use`` makes of the open database; None where that fails, and then a damaged one is replaced."""
        if self._off:
            return None
        import sqlite3

        try:
            if self._base is None:
                self._base = self._opened()
            return use(self._base)
        except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
            if "locked" not in str(error):
                self._recreate()
            return None

    def _recreate(self) -> None:
        """Give up for this run; the next one finds no file."""
        self._off = True
        self._disconnect()
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _disconnect(self) -> None:
        base, self._base = self._base, None
        if base is not None:
            with contextlib.suppress(Exception):  # SQLite's own; nothing is lost that was written
                base.close()

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
        for _ in range(2):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            if (base := self._connected()) is not None:
                return base
            self._path.unlink()  # another version's, or too large: it is only a cache
        raise OSError("another version of jsobj replaces it at the same time")

    def _connected(self) -> sqlite3.Connection | None:
        """The database; None where it has to be replaced."""
        import sqlite3

        size = self._path.stat().st_size
        base = sqlite3.connect(self._path, timeout=_WAIT, check_same_thread=False)
        try:
            base.execute("PRAGMA journal_mode = TRUNCATE")
            base.execute("PRAGMA synchronous = OFF")  # what a power cut damages is replaced
            (version,) = base.execute("PRAGMA user_version").fetchone()
            if version == 0 and not size:
                base.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT")
                version = _VERSION
        except BaseException:
            base.close()
            raise
        if version == _VERSION and size <= _LARGEST:
            return base
        base.close()
        return None


def _state(file: LocalFile) -> _State:
    # As text: an inode number may be too large for SQLite's integers.
    return file.size, file.mtime_ns, file.changed_ns, str(file.inode)
