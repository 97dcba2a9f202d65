"""Tells somebody that a detached run has ended: a command, or whatever apprise knows a URL for."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsobj.errors import BadUsage, ExitCode, JsobjError

_SECONDS = 300.0
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_url(text: str) -> bool:
    """Whether it begins as a URL does, and as no command."""
    return _URL.match(text) is not None


def shown(text: str) -> str:
    """The text as it may be written anywhere: of a URL, in which tokens stand, the scheme alone."""
    return f"{text.partition('://')[0]}://***" if is_url(text) else text


def require_usable(text: str) -> None:
    """Raise :class:`JsobjError` (usage, local) for what cannot be run or told; before there is anything to tell."""
    if is_url(text):
        _service(text)
        return
    words = _words(text)
    if shutil.which(words[0]) is None:
        raise BadUsage(f"--notify: there is no program '{words[0]}'", hint="write its whole path")


def notify(text: str, document: Mapping[str, Any], sentence: str, cwd: str) -> None:
    """Run the command with the document on its standard input, or send the sentence to the URL.

    Raises :class:`JsobjError` where that fails.
    """
    if is_url(text):
        if not _service(text).notify(title="jsobj", body=sentence):
            raise _failed(f"{shown(text)} did not take the message")
        return
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            _words(text),
            input=json.dumps(document).encode() + b"\n",
            cwd=cwd if Path(cwd).is_dir() else "/",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise _failed(str(error)) from error
    if done.returncode:
        raise _failed(f"'{text}' ended with code {done.returncode}")


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BadUsage(f"--notify: {str(error).lower()}", hint="--notify 'mail -s ready me@example.org'") from error
    if not words:
        raise BadUsage("--notify needs a command or a URL", hint="--notify 'mail -s ready me@example.org'")
    return words


def _service(url: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of modules that some of its services use
            import apprise

            service = apprise.Apprise()
            known = service.add(url)
    except ImportError as error:
        raise JsobjError(
            "notify-not-installed",
            "--notify URL needs the package apprise",
            code=ExitCode.LOCAL,
            hint="pip install 'jsobj[notify]'",
        ) from error
    if not known:
        raise BadUsage(f"--notify: apprise knows no {shown(url)}", hint="see https://github.com/caronc/apprise/wiki")
    return service


def _failed(reason: str) -> JsobjError:
    return JsobjError("notify-failed", f"nobody was told: {reason}", code=ExitCode.FAILURE)
