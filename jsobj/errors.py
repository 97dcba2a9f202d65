"""Errors as a user meets them, and the exit codes of the whole program.

Every room raises :class:`JsobjError`; only the entry point in ``cli`` turns one into a message and an exit code.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import ClassVar


class ExitCode(enum.IntEnum):
    """What the shell sees. The numbers are frozen: scripts branch on them."""

    meaning: str  # one line for ``jsobj help exit-codes``

    def __new__(cls, number: int, meaning: str) -> ExitCode:
        """A code with its meaning."""
        code = int.__new__(cls, number)
        code._value_ = number
        code.meaning = meaning
        return code

    OK = 0, "Everything that was asked for was done."
    FAILURE = 1, "A failure that fits no other code, or a bug in jsobj."
    USAGE = 2, "The command line is wrong: unknown option, bad value, missing argument."
    PARTIAL = 3, "Some items failed or work remains: run the same command again to resume."
    AUTH = 4, "Not logged in, the login has expired, or the key is wrong."
    NOT_FOUND = 5, "The cloud, service, bucket, object or key does not exist."
    REFUSED = 6, "The server or a safety rule refused: forbidden, quota, name taken, would overwrite."
    NETWORK = 7, "Network or server trouble: trying again later may help."
    INTEGRITY = 8, "The bytes differ from what was promised."
    LOCAL = 9, "A local file or setting is bad: syntax, permission, disk full."
    DOCTOR = 10, "The doctor found a problem."
    INTERRUPTED = 130, "Stopped by Ctrl-C (SIGINT)."
    TERMINATED = 143, "Stopped by SIGTERM."


class JsobjError(Exception):
    """One failure, written for its reader.

    Parameters
    ----------
    reference:
        Kebab-case id that stays the same for good, such as ``rc-unclosed-quote``: what to search for.
    message:
        One sentence: what is wrong, naming the file and line or the host and step.
    context:
        Evidence: the server's own words, a request id, the values involved. Never a secret.
    hint:
        What to do next, with a command to paste where there is one. Several texts are a list, shown one on a line;
        the attribute ``hint`` is all of it as one text, ``hint_lines`` keeps them apart.
    code:
        The exit code of the process when this error ends it.
    """

    def __init__(
        self, reference: str, message: str, *, code: ExitCode, context: str = "", hint: str | tuple[str, ...] = ""
    ) -> None:
        super().__init__(message)
        self.reference = reference
        self.message = message
        self.context = context
        self.hint_lines = (hint,) if isinstance(hint, str) else hint
        self.hint = "\n".join(self.hint_lines)
        self.code = code

    def __str__(self) -> str:
        """All that a reader needs, as a traceback or a notebook shows it; ``message`` is the sentence alone."""
        more = (f"\n{word}: {text}" for word, text in (("Seen", self.context), ("Next", self.hint)) if text)
        return "".join((self.message, *more))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with all attributes; the rule of ``Exception`` would lose the keywords."""
        return _rebuilt, (type(self), self.reference, self.message, self.code, self.context, self.hint_lines)

    def reworded(self, message: str, *, context: str = "", hint: str | tuple[str, ...] = "") -> JsobjError:
        """The same kind of error in other words; what is left out stays."""
        return _rebuilt(
            type(self), self.reference, message, self.code, context or self.context, hint or self.hint_lines
        )

    def to_json(self) -> dict[str, object]:
        """The document ``jsobj.error/1``."""
        return {
            "schema": "jsobj.error/1",
            "reference": self.reference,
            "message": self.message,
            "context": self.context,
            "hint": self.hint,
            "exit_code": int(self.code),
        }


def _rebuilt(
    kind: type[JsobjError], reference: str, message: str, code: ExitCode, context: str, hint: str | tuple[str, ...]
) -> JsobjError:
    error = kind.__new__(kind, message)
    JsobjError.__init__(error, reference, message, code=code, context=context, hint=hint)
    return error


class TypedError(JsobjError):
    """An error that code tells from others by its class, to which reference and exit code belong."""

    REFERENCE: ClassVar[str]
    CODE: ClassVar[ExitCode]
    KINDS: ClassVar[dict[str, type[TypedError]]] = {}

    def __init__(self, message: str, *, context: str = "", hint: str | tuple[str, ...] = "") -> None:
        super().__init__(self.REFERENCE, message, code=self.CODE, context=context, hint=hint)

    def __init_subclass__(cls, *, reference: str, code: ExitCode) -> None:
        cls.REFERENCE, cls.CODE = reference, code
        cls.KINDS[reference] = cls


def error_of(
    reference: str, message: str, *, code: ExitCode, context: str = "", hint: str | tuple[str, ...] = ""
) -> JsobjError:
    """The error for a reference out of a table, of the class to which the reference belongs, if there is one."""
    kind = TypedError.KINDS.get(reference)
    if kind is not None:
        return kind(message, context=context, hint=hint)
    return JsobjError(reference, message, code=code, context=context, hint=hint)


# -- the command line or call


class BadUsage(TypedError, reference="usage", code=ExitCode.USAGE):
    """Arguments are missing, do not go together or are out of range."""


# -- network and server


class EndpointUnreachable(TypedError, reference="endpoint-unreachable", code=ExitCode.NETWORK):
    """The server could not be reached."""


class TlsFailed(TypedError, reference="tls-failed", code=ExitCode.NETWORK):
    """The server's certificate was refused, or TLS failed otherwise."""


class NotObjectStore(TypedError, reference="not-object-store", code=ExitCode.NETWORK):
    """Something else than an object store answers."""


class StoreRedirects(TypedError, reference="store-redirects", code=ExitCode.NETWORK):
    """The server wants requests sent elsewhere."""


class StoreUnreachable(JsobjError):
    """An SDK could not reach the object store; the reference names the protocol."""


class ClockSkew(TypedError, reference="clock-skew", code=ExitCode.AUTH):
    """This computer's clock is too wrong for signatures."""


# -- logins and keys


class NotLoggedIn(TypedError, reference="not-logged-in", code=ExitCode.AUTH):
    """There is no login to use."""


class LoginIncomplete(TypedError, reference="os-variables-incomplete", code=ExitCode.AUTH):
    """The environment names half a login."""


class LoginRefused(TypedError, reference="auth-refused", code=ExitCode.AUTH):
    """Keystone refuses the login."""


class KeystoneForbidden(TypedError, reference="keystone-forbidden", code=ExitCode.REFUSED):
    """Keystone answered 403."""


class KeystoneConflict(TypedError, reference="keystone-conflict", code=ExitCode.REFUSED):
    """Keystone answered 409."""


class KeystoneRejected(TypedError, reference="keystone-rejected", code=ExitCode.FAILURE):
    """Keystone answered another status that is no success."""


class KeysRefused(JsobjError):
    """Keystone lets this login make no EC2 keys; the reference says why."""


class FullLoginNeeded(KeysRefused):
    """Keystone shows EC2 keys only to a login of the person (``ec2-needs-full-login``)."""


class NoS3Keys(TypedError, reference="no-s3-keys", code=ExitCode.AUTH):
    """There are no keys for S3."""


class KeyRefused(TypedError, reference="s3-key-refused", code=ExitCode.AUTH):
    """The object store refuses the S3 key."""


# -- buckets and objects


class BucketNotFound(TypedError, reference="bucket-not-found", code=ExitCode.NOT_FOUND):
    """There is no such bucket."""


class BucketIsThere(TypedError, reference="bucket-is-there", code=ExitCode.REFUSED):
    """The project has a bucket of that name already."""


class BucketNotEmpty(TypedError, reference="bucket-not-empty", code=ExitCode.REFUSED):
    """The bucket to delete holds something."""


class ObjectNotFound(TypedError, reference="object-not-found", code=ExitCode.NOT_FOUND):
    """There is no such object."""


class ObjectChanged(TypedError, reference="object-changed", code=ExitCode.INTEGRITY):
    """The object is no longer the version that was requested."""


class RangeOutside(TypedError, reference="range-outside", code=ExitCode.USAGE):
    """The object has no such bytes."""


class UploadNotFound(TypedError, reference="upload-not-found", code=ExitCode.NOT_FOUND):
    """There is no such multipart upload."""


class UploadAborted(TypedError, reference="upload-aborted", code=ExitCode.NETWORK):
    """A multipart upload was aborted by somebody else, and so was the one that was begun in its place."""


class UploadNotCompleted(TypedError, reference="upload-not-completed", code=ExitCode.NETWORK):
    """All parts are there, but the server does not make the object."""


class S3NotImplemented(TypedError, reference="s3-not-implemented", code=ExitCode.REFUSED):
    """The server does not offer this request."""


class S3ArgumentRefused(TypedError, reference="s3-argument", code=ExitCode.FAILURE):
    """The server does not take one of the request's arguments."""


class S3Failed(TypedError, reference="s3-failed", code=ExitCode.FAILURE):
    """The server refuses the request for a reason that is not known here."""


# -- bytes and files


class BytesDiffer(TypedError, reference="bytes-differ", code=ExitCode.INTEGRITY):
    """What arrives does not have the object's digest, however often it is fetched."""


class EncodingDamaged(TypedError, reference="encoding-damaged", code=ExitCode.INTEGRITY):
    """The content is not what its Content-Encoding says."""


class SourceChanged(TypedError, reference="source-changed", code=ExitCode.INTEGRITY):
    """A file is not what it was when its upload was planned."""


class SourceVanished(TypedError, reference="source-vanished", code=ExitCode.LOCAL):
    """A file is gone that was there when its upload was planned."""


class OutputNotWritten(TypedError, reference="output-not-written", code=ExitCode.LOCAL):
    """Standard output takes no more."""


class DiskFull(TypedError, reference="disk-full", code=ExitCode.LOCAL):
    """The disk or the user's quota on it is full."""


def did_you_mean(word: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.6) -> str:
    """The beginning of a hint: known names that begin with ``word`` or resemble it, at most 3 or ``most``; else ""."""
    import difflib

    names = {name.lower(): name for name in known}
    typed = word.lower()
    near = [name for name in names if typed and name.startswith(typed)][:3]
    near = near or difflib.get_close_matches(typed, names, n=most, cutoff=cutoff)
    return f"did you mean {' or '.join(repr(names[name]) for name in near)}? " if near else ""
