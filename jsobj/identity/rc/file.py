"""RC files (``openrc.sh``) as data: what a cloud's credentials file says, without ever running it.

:func:`read` checks the file itself (owner, mode, size), :func:`parse` turns its bytes into one frozen :class:`RcFile`,
:func:`missing` says what a login would still lack. Only ``OS_*`` variables are kept; ``OS_X=1`` without ``export`` is
taken with a notice, because people forget it; empty values count as not set, as Horizon's own guards want it. Values
are those of bash, except that a byte order mark and carriage returns at the ends of lines are dropped, and that lines
which Horizon damaged are repaired with a notice (:mod:`jsobj.identity.rc.horizon`).
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.auth_source import APPLICATION_CREDENTIAL
from jsobj.identity.rc.horizon import Repair, repairs
from jsobj.identity.rc.interpreter import ShellVariables, is_ours, is_secret, run
from jsobj.identity.rc.lexer import refusal
from jsobj.secret import Secret

MAX_BYTES = 1024 * 1024  # a thousand times the size of a real one

_MISSPELT_TYPES = frozenset({"v3application_credential", "v3_application_credential", "v3_applicationcredential"})
_PASSWORD_TYPES = frozenset({"", "password", "v3password", "v2password"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DOWNLOAD = "download the file again from the portal (Identity > Application Credentials, or API Access)"
_WHERE = "name the RC file that the portal gave you, such as ~/Downloads/app-cred-NAME-openrc.sh"
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class RcFile:
    """The ``OS_*`` variables of one RC file in their final state; empty values are left out."""

    name: str  # the path as the user wrote it
    values: Mapping[str, str]  # what is not secret
    # Passwords, secrets, tokens: the values to try in turn. Two where Horizon's quoting was repaired.
    secrets: Mapping[str, tuple[Secret, ...]]
    prompts: Mapping[str, str]  # variables that the file reads from the terminal, with the text of the question
    unset: frozenset[str]
    lines: Mapping[str, int]  # the line (1-based) where each of the values, secrets and prompts came from
    notices: tuple[str, ...]  # for the user: what was repaired, ignored, or is unsafe


def parse(data: bytes, name: str) -> RcFile:
    """The variables of an RC file given as bytes.

    ``name`` is used in messages only. Takes time proportional to the size, which may be 1 MiB. Raises
    :class:`JsobjError` (local) for a file that is not text, holds something that is not understood, is for Keystone v2
    (``rc-keystone-v2``), or sets no ``OS_*`` variable (``rc-no-variables``).
    """
    text = _decoded(data, name)
    repaired = repairs(text, name)
    variables = run(text, name, {line: repair.words(line) for line, repair in repaired.items()})
    rc = _summary(name, variables, repaired)
    if not (rc.values or rc.secrets or rc.prompts):
        raise _refused("rc-no-variables", f"{name} sets no OS_ variables", _DOWNLOAD)
    _refuse_keystone_v2(rc)
    return rc


def read(path: Path, *, force: bool = False) -> RcFile:
    """Check the file at ``path``, then :func:`parse` it.

    ``force`` accepts a file that belongs to another user. Raises :class:`JsobjError`: not found (``rc-not-found``), or
    local for a folder, a special file, one that is too large (over 1 MiB), unreadable, or another user's.
    """
    name = str(path)
    data, status = _contents(path, name)
    notices: tuple[str, ...] = ()
    if status.st_uid != os.geteuid():
        if not force:
            message = f"{name} belongs to another user, who could change where you log in"
            hint = f"read it, then use a copy of your own: install -m 600 {shlex.quote(name)} ~/openrc.sh"
            raise _refused("rc-other-owner", message, hint)
        notices = (f"{name} belongs to another user",)
    rc = parse(data, name)
    return replace(rc, notices=rc.notices + notices + _unsafe(path, name, status, holds_secret=bool(rc.secrets)))


def missing(rc: RcFile) -> tuple[str, ...]:
    """What a login needs and the file does not have, all at once, as names (``"A or B"`` where either will do).

    A value that the file prompts for counts as present. For an application credential: the address, its id (or its name
    and the user), and the secret. For a password: the address, the user and the project; the password may be prompted
    for. For other plugins: the address.
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
        raise _refused("rc-utf16", f"{name} is UTF-16 text", "re-save it as UTF-8")
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
        raise _refused("rc-web-page", f"{name} is a web page, not an RC file", f"log in to the portal; {_DOWNLOAD}")
    if re.search(r"^clouds:", start, re.MULTILINE):
        hint = "put it at ~/.config/openstack/clouds.yaml, then: jsobj login --cloud NAME"
        raise _refused("rc-is-clouds-yaml", f"{name} is a clouds.yaml, not an RC file", hint)


def _summary(name: str, variables: ShellVariables, repaired: Mapping[int, Repair]) -> RcFile:
    # An empty value counts as not set; OS_PASSWORD_INPUT only carries what was typed in Horizon's files.
    ours = {
        key: value
        for key, value in variables.values.items()
        if is_ours(key) and key != "OS_PASSWORD_INPUT" and (value.text or value.prompt is not None)
    }
    known = {key: value.text for key, value in ours.items() if value.text}
    values = {key: text for key, text in known.items() if not is_secret(key)}
    took_effect = {
        repair.name: repair
        for line, repair in repaired.items()
        if repair.name in ours and ours[repair.name].line == line
    }
    secrets = {
        key: tuple(map(Secret, took_effect[key].candidates if key in took_effect else (text,)))
        for key, text in known.items()
        if is_secret(key)
    }
    notices = [repair.notice for repair in took_effect.values()]
    if values.get("OS_AUTH_TYPE", "").lower() in _MISSPELT_TYPES:
        values["OS_AUTH_TYPE"] = APPLICATION_CREDENTIAL
        line = ours["OS_AUTH_TYPE"].line
        notices.append(f"{name} line {line}: OS_AUTH_TYPE is misspelt; read as {APPLICATION_CREDENTIAL}")
    if bare := known.keys() - variables.exported:
        notices.append(f"{name} sets {_listed(known, bare)} without export, so that other tools will not see it")
    if others := {key for key in variables.values if not is_ours(key)}:
        notices.append(f"{name} also sets other variables, ignored and not run: {_listed(variables.values, others)}")
    return RcFile(
        name=name,
        values=MappingProxyType(values),
        secrets=MappingProxyType(secrets),
        prompts=MappingProxyType({key: value.prompt for key, value in ours.items() if value.prompt is not None}),
        unset=frozenset(filter(is_ours, variables.unset)),
        lines=MappingProxyType({key: value.line for key, value in ours.items()}),
        notices=tuple(notices),
    )


def _listed(order: Iterable[str], names: Collection[str]) -> str:
    """The first few of ``names`` as they come in ``order``, shortened: a name may be as long as the file."""
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join([name[:40] for name in order if name in names][:_NAMES_SHOWN]) + more


def _refuse_keystone_v2(rc: RcFile) -> None:
    values = rc.values
    version, kind = values.get("OS_IDENTITY_API_VERSION", ""), values.get("OS_AUTH_TYPE", "")
    v3 = version.startswith("3") or kind.startswith("v3") or any("_DOMAIN_" in name for name in values)
    if not v3 and values.get("OS_AUTH_URL", "").rstrip("/").endswith("/v2.0"):
        sentence = "the file is for Keystone v2, which clouds no longer run"
        hint = "download the v3 file: API Access > Download OpenStack RC File, or make an application credential"
        raise refusal(rc.name, rc.lines["OS_AUTH_URL"], "rc-keystone-v2", sentence, hint)


# The file itself


def _contents(path: Path, name: str) -> tuple[bytes, os.stat_result]:
    """The bytes, and the status of the very file that they were read from."""
    try:
        with open(path, "rb", opener=_open) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _refused("rc-special-file", f"{name} is not a regular file", "save it to a file first")
            if status.st_size > MAX_BYTES:
                raise _too_large(name)
            return file.read(MAX_BYTES + 1), status
    except (FileNotFoundError, NotADirectoryError):
        raise JsobjError("rc-not-found", f"{name} does not exist", code=ExitCode.NOT_FOUND, hint=_WHERE) from None
    except IsADirectoryError:
        raise _refused("rc-is-folder", f"{name} is a folder", "name the RC file in it") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _refused("rc-unreadable", f"{name} cannot be read: {reason}", f"ls -l {shlex.quote(name)}") from error


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)  # without O_NONBLOCK, a FIFO waits for its writer


def _unsafe(path: Path, name: str, status: os.stat_result, *, holds_secret: bool) -> tuple[str, ...]:
    notices: list[str] = []
    if status.st_mode & (0o077 if holds_secret else 0o022) and status.st_uid == os.geteuid():
        done = "changed" if status.st_mode & 0o022 else "read"
        notices.append(f"{name} can be {done} by other users: chmod 600 {shlex.quote(name)}")
    folder = path.resolve().parent
    mode = folder.stat().st_mode
    if mode & 0o022 and not mode & stat.S_ISVTX:
        notices.append(f"{name} is in a folder where other users can replace it: chmod go-w {shlex.quote(str(folder))}")
    return tuple(notices)


def _refused(reference: str, message: str, hint: str) -> JsobjError:
    return JsobjError(reference, message, code=ExitCode.LOCAL, hint=hint)


def _too_large(name: str) -> JsobjError:
    return _refused("rc-too-large", f"{name} is larger than 1 MiB, too large for an RC file", _DOWNLOAD)
