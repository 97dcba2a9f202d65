"""RC files (``openrc.sh``) as data: what a cloud's credentials file says, without ever running it.

:func:`read` checks the file itself (owner, mode, size), :func:`parse` turns its bytes into one frozen :class:`RcFile`,
:func:`missing` says what a login would still lack. Only ``OS_*`` variables are kept. Decisions, tested against bash:

- Files follow the shell subset of :mod:`jsobj.identity.rc.interpreter`; what is not understood is refused with its
  line.
- A value of ours may refer to variables set earlier in the same file, never to the user's environment.
- ``OS_X=1`` without ``export`` is taken, with a notice, because people forget it.
- ``set -a`` is followed; ``set -x``, ``-e`` and ``-u`` are refused, for they can assign or end the file early.
- Empty values count as not set, as Horizon's own guards want it.
- Lines that Horizon damaged are repaired (:mod:`jsobj.identity.rc.horizon`), with a notice: the one departure from
  bash, beside the dropping of a byte order mark and of carriage returns at the ends of lines.

This file must not ask questions, look at the environment, or talk to a server.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.rc.horizon import repairs
from jsobj.identity.rc.interpreter import run
from jsobj.identity.rc.variables import Value, Variables, is_ours, is_secret
from jsobj.identity.rc.words import refusal
from jsobj.secret import Secret

MAX_BYTES = 1024 * 1024  # a thousand times the size of a real one

APPLICATION_CREDENTIAL = "v3applicationcredential"
_MISSPELT_TYPES = frozenset({"v3application_credential", "v3_application_credential", "v3_applicationcredential"})
_PASSWORD_TYPES = frozenset({"", "password", "v3password", "v2password"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DOWNLOAD = "download the file again from the portal (Identity > Application Credentials, or API Access)"
_WHERE = "name the RC file that the portal gave you, such as ~/Downloads/app-cred-NAME-openrc.sh"
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class RcFile:
    """The ``OS_*`` variables of one RC file in their final state.

    Parameters
    ----------
    name:
        The path as the user wrote it.
    values:
        Variables that are not secret. Empty values are left out.
    secrets:
        Passwords, secrets and tokens: the values to try in turn. Usually one; two where a fault of Horizon's quoting
        was repaired, the repaired one first.
    prompts:
        Variables that the file reads from the terminal, with the text of the question.
    unset:
        Variables that the file removes.
    lines:
        The line (1-based) where each of the values, secrets and prompts came from.
    notices:
        Sentences for the user: what was repaired, ignored, or is unsafe.
    """

    name: str
    values: Mapping[str, str]
    secrets: Mapping[str, tuple[Secret, ...]]
    prompts: Mapping[str, str]
    unset: frozenset[str]
    lines: Mapping[str, int]
    notices: tuple[str, ...]


def parse(data: bytes, name: str) -> RcFile:
    """The variables of an RC file given as bytes.

    ``name`` is used in messages only. Takes time proportional to the size, which may be 1 MiB. Raises
    :class:`JsobjError` (local) for a file that is not text, holds something that is not understood, is for Keystone v2
    (``rc-keystone-v2``), or sets no ``OS_*`` variable (``rc-no-variables``).
    """
    text = _decoded(data, name)
    variables, notices = run(text, name, repairs(text, name))
    rc = _summary(name, variables, notices)
    if not (rc.values or rc.secrets or rc.prompts):
        raise JsobjError("rc-no-variables", f"{name} sets no OS_ variables", code=ExitCode.LOCAL, hint=_DOWNLOAD)
    _refuse_keystone_v2(rc)
    return rc


def read(path: Path, *, force: bool = False) -> RcFile:
    """Check the file at ``path``, then :func:`parse` it.

    ``force`` accepts a file that belongs to another user. Raises :class:`JsobjError`: not found (``rc-not-found``), or
    local for a folder, a special file, one that is too large (over 1 MiB), unreadable, or another user's.
    """
    name = str(path)
    data, status = _contents(path, name)
    notices = _unsafe(path, name, status)
    if status.st_uid != os.geteuid():
        if not force:
            raise JsobjError(
                "rc-other-owner",
                f"{name} belongs to another user, who could change where you log in",
                code=ExitCode.LOCAL,
                hint=f"read it, then use a copy of your own: install -m 600 {shlex.quote(name)} ~/openrc.sh",
            )
        notices = (f"{name} belongs to another user", *notices)
    rc = parse(data, name)
    return replace(rc, notices=rc.notices + notices)


def missing(rc: RcFile) -> tuple[str, ...]:
    """What a login needs and the file does not have, all at once, as names (``"A or B"`` where either will do).

    A value that the file asks for counts as there. For an application credential: the address, its id (or its name and
    the user), and the secret. For a password: the address, the user and the project; the password may be asked for. For
    other plugins: the address.
    """
    have = {*rc.values, *rc.secrets, *rc.prompts}
    user = ("OS_USERNAME", "OS_USER_ID")
    needs: list[tuple[str, ...]] = [("OS_AUTH_URL",)]
    kind = rc.values.get("OS_AUTH_TYPE", "").lower()
    if kind == APPLICATION_CREDENTIAL or (not kind and any(n.startswith("OS_APPLICATION_CREDENTIAL_") for n in have)):
        named = "OS_APPLICATION_CREDENTIAL_NAME" in have and "OS_APPLICATION_CREDENTIAL_ID" not in have
        needs += [user if named else ("OS_APPLICATION_CREDENTIAL_ID",), ("OS_APPLICATION_CREDENTIAL_SECRET",)]
    elif kind in _PASSWORD_TYPES:
        needs += [user, ("OS_PROJECT_NAME", "OS_PROJECT_ID", "OS_TENANT_NAME", "OS_TENANT_ID")]
    return tuple(" or ".join(either[:2]) for either in needs if not have & set(either))


def _decoded(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise _too_large(name)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _not_text("rc-utf16", f"{name} is UTF-16 text", "re-save it as UTF-8")
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    zero = data.find(b"\0")
    if zero >= 0:
        hint = "re-save it as UTF-8 text" if data.count(b"\0") * 3 > len(data) else _DOWNLOAD
        raise refusal(name, data.count(b"\n", 0, zero) + 1, "rc-nul", "a NUL byte: this is not a text file", hint)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refusal(name, line, "rc-not-utf8", "bytes that are not UTF-8 text", "re-save it as UTF-8") from None
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise refusal(name, line, "rc-control-character", "a control character", "re-save it with Unix line ends")
    _refuse_other_formats(text, name)
    return text


def _refuse_other_formats(text: str, name: str) -> None:
    start = text[:4096].lstrip()
    if start.startswith("<"):
        raise _not_text("rc-web-page", f"{name} is a web page, not an RC file", f"log in to the portal; {_DOWNLOAD}")
    if re.search(r"^clouds:", start, re.MULTILINE):
        hint = "put it at ~/.config/openstack/clouds.yaml, then: jsobj login --cloud NAME"
        raise _not_text("rc-is-clouds-yaml", f"{name} is a clouds.yaml, not an RC file", hint)


def _summary(name: str, variables: Variables, repaired: tuple[str, ...]) -> RcFile:
    ours = {key: value for key, value in variables.values.items() if is_ours(key) and _counts(key, value, variables)}
    prompts = {key: value.prompt for key, value in ours.items() if value.prompt is not None}
    known = {key: value for key, value in ours.items() if value.prompt is None}
    values = {key: value.text for key, value in known.items() if not is_secret(key)}
    secrets = {
        key: tuple(Secret(text) for text in value.candidates or (value.text,))
        for key, value in known.items()
        if is_secret(key)
    }
    notices = list(repaired)
    if values.get("OS_AUTH_TYPE", "").lower() in _MISSPELT_TYPES:
        values["OS_AUTH_TYPE"] = APPLICATION_CREDENTIAL
        notices.append(
            f"{name} line {ours['OS_AUTH_TYPE'].line}: OS_AUTH_TYPE is misspelt; read as {APPLICATION_CREDENTIAL}"
        )
    notices += _listed(name, "sets {} without export, so that other tools will not see it", known, variables.exported)
    notices += _listed(name, "also sets other variables, ignored and not run: {}", variables.values, ours, is_ours)
    return RcFile(
        name=name,
        values=MappingProxyType(values),
        secrets=MappingProxyType(secrets),
        prompts=MappingProxyType(prompts),
        unset=frozenset(filter(is_ours, variables.unset)),
        lines=MappingProxyType({key: value.line for key, value in ours.items()}),
        notices=tuple(notices),
    )


def _counts(name: str, value: Value, variables: Variables) -> bool:
    """Whether the variable has a value of its own: not empty, and no mere carrier of what was typed."""
    carrier = name in variables.copied and name.endswith("_INPUT")  # Horizon's OS_PASSWORD_INPUT
    return not carrier and (value.prompt is not None or value.text != "")


def _listed(
    file: str,
    sentence: str,
    names: Mapping[str, Value],
    without: set[str] | Mapping[str, Value],
    also_without: Callable[[str], bool] = lambda name: False,
) -> list[str]:
    """One notice with the first few of ``names`` (shortened: a name may be as long as the file), or none."""
    left = [name[:40] for name in names if name not in without and not also_without(name)]
    more = f" and {len(left) - _NAMES_SHOWN} more" if len(left) > _NAMES_SHOWN else ""
    return [f"{file} " + sentence.format(", ".join(left[:_NAMES_SHOWN]) + more)] if left else []


def _refuse_keystone_v2(rc: RcFile) -> None:
    values = rc.values
    v3 = (
        values.get("OS_IDENTITY_API_VERSION", "").startswith("3")
        or values.get("OS_AUTH_TYPE", "").startswith("v3")
        or any("_DOMAIN_" in name for name in values)
    )
    if not v3 and values.get("OS_AUTH_URL", "").rstrip("/").endswith("/v2.0"):
        line = rc.lines["OS_AUTH_URL"]
        raise refusal(
            rc.name,
            line,
            "rc-keystone-v2",
            "the file is for Keystone v2, which clouds no longer run",
            "download the v3 file: API Access > Download OpenStack RC File, or make an application credential",
        )


# The file itself


def _contents(path: Path, name: str) -> tuple[bytes, os.stat_result]:
    """The bytes, and the status of the very file that they were read from."""
    try:
        # Without O_NONBLOCK, opening a FIFO waits for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise JsobjError("rc-not-found", f"{name} does not exist", code=ExitCode.NOT_FOUND, hint=_WHERE) from None
    except OSError as error:
        raise _unreadable(name, error) from error
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise _not_text("rc-is-folder", f"{name} is a folder", "name the RC file in it")
        if not stat.S_ISREG(status.st_mode):
            raise _not_text("rc-special-file", f"{name} is not a regular file", "save it to a file first")
        if status.st_size > MAX_BYTES:
            raise _too_large(name)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1), status
    except OSError as error:
        raise _unreadable(name, error) from error
    finally:
        os.close(descriptor)


def _unsafe(path: Path, name: str, status: os.stat_result) -> tuple[str, ...]:
    notices: list[str] = []
    if status.st_mode & 0o077 and status.st_uid == os.geteuid():
        done = "changed" if status.st_mode & 0o022 else "read"
        notices.append(f"{name} can be {done} by other users: chmod 600 {shlex.quote(name)}")
    folder = path.resolve().parent
    mode = folder.stat().st_mode
    if mode & 0o022 and not mode & stat.S_ISVTX:
        notices.append(f"{name} is in a folder where other users can replace it: chmod go-w {shlex.quote(str(folder))}")
    return tuple(notices)


def _not_text(reference: str, message: str, hint: str) -> JsobjError:
    return JsobjError(reference, message, code=ExitCode.LOCAL, hint=hint)


def _too_large(name: str) -> JsobjError:
    return _not_text("rc-too-large", f"{name} is larger than 1 MiB, too large for an RC file", _DOWNLOAD)


def _unreadable(name: str, error: OSError) -> JsobjError:
    reason = error.strerror or type(error).__name__
    return JsobjError(
        "rc-unreadable", f"{name} cannot be read: {reason}", code=ExitCode.LOCAL, hint=f"ls -l {shlex.quote(name)}"
    )
