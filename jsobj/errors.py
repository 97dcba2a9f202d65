"""Errors as a user meets them, and the exit codes of the whole program.

This stone imports nothing of the project. Every room raises :class:`JsobjError`; only the entry point in ``cli`` turns
one into words and an exit code.
"""

from __future__ import annotations

import enum
import sys


class ExitCode(enum.IntEnum):
    """What the shell sees. The numbers are frozen: scripts branch on them."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    PARTIAL = 3
    AUTH = 4
    NOT_FOUND = 5
    REFUSED = 6
    NETWORK = 7
    INTEGRITY = 8
    LOCAL = 9
    DOCTOR = 10
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def meaning(self) -> str:
        """One line for ``jsobj help exit-codes``."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.OK: "Everything that was asked for was done.",
    ExitCode.FAILURE: "A failure that fits no other code, or a bug in jsobj.",
    ExitCode.USAGE: "The command line is wrong: unknown option, bad value, missing argument.",
    ExitCode.PARTIAL: "Some items failed or work remains: run the same command again to resume.",
    ExitCode.AUTH: "Not logged in, the login has expired, or the key is wrong.",
    ExitCode.NOT_FOUND: "The cloud, service, bucket, object or key does not exist.",
    ExitCode.REFUSED: "The server or a safety rule refused: forbidden, quota, name taken, would overwrite.",
    ExitCode.NETWORK: "Network or server trouble: trying again later may help.",
    ExitCode.INTEGRITY: "The bytes differ from what was promised.",
    ExitCode.LOCAL: "A local file or setting is bad: syntax, permission, disk full.",
    ExitCode.DOCTOR: "The doctor found a problem.",
    ExitCode.INTERRUPTED: "Stopped by Ctrl-C (SIGINT).",
    ExitCode.TERMINATED: "Stopped by SIGTERM.",
}


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
        if sys.version_info >= (3, 11):  # who meets it in a notebook sees them below the traceback
            for word, text in (("Seen", context), ("Next", self.hint)):
                if text:
                    self.add_note(f"{word}: {text}")

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes whole; the rule of ``Exception`` would lose the keywords."""
        return _rebuilt, (type(self), self.reference, self.message, self.code, self.context, self.hint_lines)

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
    return kind(reference, message, code=code, context=context, hint=hint)
