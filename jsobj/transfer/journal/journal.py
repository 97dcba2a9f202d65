"""The journal of a job: what is under way, on disk before it matters, so that a repeated command resumes a killed one.

Only what the server or the disk would keep half-done is recorded: multipart uploads, and downloads into temporary
files. An intention is recorded before a multipart upload is begun, and its id right after it, so that a kill in between
loses at most one id, and the next run knows to look for it. A run that leaves nothing behind leaves no journal either;
one that has nothing to record makes none.

Each change is whole or absent, whenever the process is killed. After a power cut the last moments may be missing: they
are then found on the server, or sent again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.errors import JsobjError
from jsobj.transfer.journal import database
from jsobj.transfer.journal.database import JobLock, Unusable, transaction, translate_errors
from jsobj.transfer.journal.records import (
    DOWNLOADS,
    LEFTOVERS,
    UPLOADS,
    DownloadRecord,
    JobKey,
    LeftoverUpload,
    UploadRecord,
    jobs_folder,
    packed,
    record,
    require_readable,
    text,
)

if TYPE_CHECKING:
    import sqlite3

    from jsobj.store.values import Part
    from jsobj.transfer.local.scan import LocalFile

__all__ = ["DownloadRecord", "JobKey", "Journal", "LeftoverUpload", "UploadRecord"]

FAILURES = 1000  # the last ones are kept
_OF_FILE = "WHERE key = ? AND size = ? AND mtime_ns = ? AND inode = ?"
_LEFT = "SELECT EXISTS (SELECT 1 FROM uploads) OR EXISTS (SELECT 1 FROM leftovers) OR EXISTS (SELECT 1 FROM downloads)"
# The state folder belongs to another user, is read-only or full: a transfer works without a journal, and says so.
_NO_FOLDER = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.EEXIST}
)


class Journal:
    """The journal of one run; safe to use from every thread.

    ``resumed``: something of an earlier run was found. ``notices``: sentences for the user. Every method raises
    :class:`JsobjError` (local) where the file cannot be written.
    """

    def __init__(self, key: JobKey, path: Path | None, lock: JobLock | None, notices: tuple[str, ...] = ()) -> None:
        self.key = key
        self.id = key.id
        self.path = path
        self.resumed = False
        self.notices = list(notices)
        self._lock_file = lock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._earlier = False  # a run before this one kept it

    @classmethod
    def open(cls, state_dir: Path, key: JobKey) -> Journal:
        """The journal of this job, locked. Nothing is written until there is something to keep.

        Raises :class:`JsobjError` (local): ``job-in-progress`` where another process runs the same job.
        """
        folder = jobs_folder(state_dir)
        path = folder / f"{key.id}.db"
        try:
            database.make_folder(folder)
            lock = JobLock.take(path.with_suffix(".lock"))
        except OSError as error:
            if error.errno not in _NO_FOLDER:
                with translate_errors(path):
                    raise
            notice = f"no journal can be kept in {folder} ({error.strerror}): this run cannot be continued if it is cut"
            return cls(key, None, None, (notice,))
        made = cls(key, path, lock)
        try:
            made._find()
        except BaseException:
            lock.release(remove=False)
            raise
        return made

    def _find(self) -> None:
        """What an earlier run left, if it is of any use."""
        assert self.path is not None
        with translate_errors(self.path):
            try:
                connection = database.open_existing(self.path)
                if connection is None:
                    return
                self._require_ours(connection)
            except Unusable as reason:
                aside = database.set_aside(self.path)
                self.notices.append(f"the journal of the earlier run is not used: {reason}; it was moved to {aside}")
                return
            self._connection, self._earlier = connection, True
            with transaction(connection):
                self._write_state(connection, "running")
                connection.execute("DELETE FROM failures")
            self.resumed = bool(connection.execute(_LEFT).fetchone()[0])

    def _require_ours(self, connection: sqlite3.Connection) -> None:
        """Raise :class:`Unusable` for the journal of another job (another endpoint, bucket, part size ...)."""
        import sqlite3

        try:
            row = connection.execute("SELECT what FROM job").fetchone()
            same = row is not None and JobKey.of_json(row[0]).is_same(self.key)
            require_readable(connection)
        except (ValueError, sqlite3.Error) as error:  # sqlite's own where a text is not UTF-8
            connection.close()
            raise Unusable(f"it is damaged ({error})") from error
        if not same:
            connection.close()
            raise Unusable("it is that of another job")

    # -- uploads

    def upload(self, key: str, file: LocalFile) -> UploadRecord | None:
        """What is under way for this key, if it is of exactly this file; id "" where only the intention is known."""
        with self._reading() as connection:
            if connection is None:
                return None
            found = connection.execute(f"{UPLOADS} {_OF_FILE}", (packed(key), *_stamp(file))).fetchone()
        return record(UploadRecord, found) if found is not None else None

    def upload_parts(self, key: str) -> dict[int, str]:
        """The ETag of each part that was sent of what is under way for this key."""
        with self._reading() as connection:
            select = "SELECT number, etag FROM upload_parts WHERE key = ?"
            rows = connection.execute(select, (packed(key),)).fetchall() if connection else []
        return {number: text(etag) for number, etag in rows}

    def intend_upload(self, key: str, file: LocalFile) -> None:
        """A multipart upload is about to be begun, or gone on with."""
        with self._writing() as connection:
            name = packed(key)
            if not connection.execute(f"{UPLOADS} {_OF_FILE}", (name, *_stamp(file))).fetchone():
                _leave(connection, name)
                _replace_upload(connection, name, file, b"", 0)

    def upload_begun(self, key: str, file: LocalFile, upload_id: str, part_size: int) -> None:
        """The server has given the upload an id, or still knows it. Another one of the same key is left over then."""
        with self._writing() as connection:
            name, wanted = packed(key), packed(upload_id)
            row = connection.execute("SELECT upload_id, part_size FROM uploads WHERE key = ?", (name,)).fetchone()
            if row == (wanted, part_size):
                return
            if row is not None and row[0] != wanted:
                _leave(connection, name)
            _replace_upload(connection, name, file, wanted, part_size)

    def upload_part(self, key: str, part: Part) -> None:
        """The server has this part. One of an upload that was given up meanwhile is of no interest."""
        with self._writing() as connection:
            values = (part.number, part.size, packed(part.etag), packed(key))
            connection.execute(
                "INSERT OR REPLACE INTO upload_parts SELECT key, ?, ?, ? FROM uploads WHERE key = ?", values
            )

    def upload_ended(self, key: str, *, left: bool = False) -> None:
        """The object is there, or the upload was aborted. ``left``: its parts may still be on the server."""
        with self._writing() as connection:
            if left:
                _leave(connection, packed(key))
            connection.execute("DELETE FROM uploads WHERE key = ?", (packed(key),))

    def leftovers(self) -> tuple[LeftoverUpload, ...]:
        """Uploads that no run will continue: their file or their part size has changed."""
        with self._reading() as connection:
            rows = connection.execute(LEFTOVERS).fetchall() if connection else []
        return tuple(record(LeftoverUpload, row) for row in rows)

    def leftover_gone(self, leftover: LeftoverUpload) -> None:
        """It was aborted."""
        with self._writing() as connection:
            values = (packed(leftover.key), packed(leftover.upload_id))
            connection.execute("DELETE FROM leftovers WHERE key = ? AND upload_id = ?", values)

    # -- downloads

    def download(self, key: str, name: str) -> DownloadRecord | None:
        """What is under way for this object and this file."""
        with self._reading() as connection:
            if connection is None:
                return None
            where = (packed(key), packed(name))
            row = connection.execute(f"{DOWNLOADS} WHERE key = ? AND name = ?", where).fetchone()
            if row is None:
                return None
            parts = connection.execute("SELECT number, md5 FROM download_parts WHERE key = ? AND name = ?", where)
            found = {number: md5.hex() for number, md5 in parts}
            begun = connection.execute(
                "SELECT number, size, md5 FROM download_prefixes WHERE key = ? AND name = ?", where
            )
            prefixes = {number: (size, md5.hex()) for number, size, md5 in begun}
            return record(DownloadRecord, row, parts=found, prefixes=prefixes)

    def download_begun(self, key: str, name: str, *, etag: str, size: int, part_size: int, temp: str) -> None:
        """The temporary file is there. Parts are forgotten where it is another one than before."""
        with self._writing() as connection:
            where, rest = (packed(key), packed(name)), (packed(etag), size, part_size, packed(temp))
            known = "SELECT etag, size, part_size, temp FROM downloads WHERE key = ? AND name = ?"
            if connection.execute(known, where).fetchone() != rest:
                connection.execute("DELETE FROM downloads WHERE key = ? AND name = ?", where)
                connection.execute("INSERT INTO downloads VALUES (?, ?, ?, ?, ?, ?)", (*where, *rest))

    def download_part(self, key: str, name: str, number: int, md5: str) -> None:
        """This part lies in the temporary file."""
        with self._writing() as connection:
            values = (number, bytes.fromhex(md5), packed(key), packed(name))
            connection.execute(
                "INSERT OR REPLACE INTO download_parts SELECT key, name, ?, ? FROM downloads "
                "WHERE key = ? AND name = ?",
                values,
            )
            connection.execute(
                "DELETE FROM download_prefixes WHERE key = ? AND name = ? AND number = ?",
                (packed(key), packed(name), number),
            )

    def download_prefix(self, key: str, name: str, number: int, size: int, md5: str) -> None:
        """The first ``size`` bytes of this part lie in the temporary file."""
        with self._writing() as connection:
            values = (number, size, bytes.fromhex(md5), packed(key), packed(name))
            connection.execute(
                "INSERT OR REPLACE INTO download_prefixes SELECT key, name, ?, ?, ? FROM downloads "
                "WHERE key = ? AND name = ?",
                values,
            )

    def download_ended(self, key: str, name: str) -> None:
        """The file has its name, or its temporary file is gone."""
        with self._writing() as connection:
            connection.execute("DELETE FROM downloads WHERE key = ? AND name = ?", (packed(key), packed(name)))

    # -- the run

    def failed(self, item: str, error: JsobjError) -> None:
        """An item failed; the last thousand are kept."""
        with self._writing() as connection:
            values = [packed(value[:4096]) for value in (item, error.reference, error.message)]
            cursor = connection.execute("INSERT INTO failures VALUES (NULL, ?, ?, ?)", values)
            connection.execute("DELETE FROM failures WHERE number <= ?", ((cursor.lastrowid or 0) - FAILURES,))

    def finish(self, state: str, *, began: bool = True) -> bool:
        """The run is over: ``done``, ``failed`` or ``interrupted``; whether the journal is kept.

        What left nothing is removed where it is done, or where it never ``began``: it would only repeat its failure.
        """
        keep = True
        try:
            over = state == "done" or not (began or self._earlier)
            keep = not over or self._anything_left()
            if keep and self.path is not None:
                with self._writing() as connection:
                    self._write_state(connection, state)
        finally:
            self.close(remove=not keep)
        return keep

    def _anything_left(self) -> bool:
        with self._reading() as connection:
            return connection is not None and bool(connection.execute(_LEFT).fetchone()[0])

    def close(self, *, remove: bool = False) -> None:
        """Let go of the file and the lock. Doing it again does nothing."""
        with self._lock:
            connection, self._connection = self._connection, None
            lock, self._lock_file = self._lock_file, None
            with translate_errors(self.path):
                if connection is not None:
                    if remove:
                        connection.execute("PRAGMA synchronous = OFF")  # it will not be read again
                    connection.close()
                if remove and lock is not None and self.path is not None:
                    database.remove(self.path)
                if lock is not None:
                    lock.release(remove=remove or not self._exists())

    def _exists(self) -> bool:
        return self.path is not None and self.path.exists()

    # -- the file

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The connection, alone; None where nothing was written yet."""
        with self._lock:
            if self._connection is None:
                yield None
                return
            with translate_errors(self.path):
                yield self._connection

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One change, whole or not at all, on disk when this returns."""
        with self._lock, translate_errors(self.path):
            if self._connection is None:
                self._connection = database.create(self.path, lambda new: self._write_state(new, "running"))
            with transaction(self._connection):
                yield self._connection

    def _write_state(self, connection: sqlite3.Connection, state: str) -> None:
        now = int(time.time())
        connection.execute(
            "INSERT INTO job (one, what, state, pid, created, updated) VALUES (1, ?, ?, ?, ?, ?) "
            "ON CONFLICT (one) DO UPDATE SET what = excluded.what, "
            "state = excluded.state, pid = excluded.pid, updated = excluded.updated",
            (self.key.to_json(), state, os.getpid(), now, now),
        )


def _stamp(file: LocalFile) -> tuple[int, int, bytes]:
    """What tells one state of a file from another."""
    return file.size, file.mtime_ns, packed(str(file.inode))


def _replace_upload(
    connection: sqlite3.Connection, key: bytes, file: LocalFile, upload_id: bytes, part_size: int
) -> None:
    connection.execute("DELETE FROM uploads WHERE key = ?", (key,))
    values = (key, packed(os.path.abspath(file.path)), *_stamp(file), upload_id, part_size)
    connection.execute("INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def _leave(connection: sqlite3.Connection, key: bytes) -> None:
    """Note the upload of this key, if one was begun, as left over."""
    connection.execute(
        "INSERT OR IGNORE INTO leftovers SELECT key, upload_id FROM uploads WHERE key = ? AND upload_id != x''", (key,)
    )
