"""A login at Google, from where Google's own tools keep it: variables, files, and the machine's own account.

The order is that of Google's libraries ("Application Default Credentials"), after a token in the environment, which is
what gcloud and Terraform take first. Nothing is sent here: whether the login works shows with the first token.
"""

from __future__ import annotations

import json
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.secret import Secret

STORAGE = "https://storage.googleapis.com"
LOG_IN = "gcloud auth application-default login"
_TOKENS = ("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN")
_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
# While the variable is set, a new login changes nothing.
_AGAIN = f"name the right file: export {_FILE}=FILE; or do without it: unset {_FILE}; then, if need be, {LOG_IN}"
_EMULATOR = "STORAGE_EMULATOR_HOST"
_ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE"  # gcloud's own, for private endpoints
_METADATA = "GCE_METADATA_HOST"
_MACHINE = Path("/sys/class/dmi/id/product_name")  # what the firmware of Google's machines says
_MAX_BYTES = 1024 * 1024
_NO_LOGIN = "no login, for public data"
# What google-auth makes a token of, and by which keys such a file is known.
_KINDS = {
    "service_account": ("client_email", "private_key", "token_uri"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
    "external_account": ("audience", "subject_token_type", "token_url"),
    "external_account_authorized_user": ("audience", "client_id", "refresh_token"),
    "impersonated_service_account": ("service_account_impersonation_url", "source_credentials"),
}


@dataclass(frozen=True, slots=True)
class GoogleLogin:
    """What requests to Google's storage are made with.

    ``kind``: ``token``, ``file``, ``machine`` (the metadata server gives tokens) or "" for none, when public data alone
    can be read. ``where``: what chose it, in words. ``info``: what the file holds, secrets among it. ``who``: whose
    account it is, where that is known. ``notice``: what is unsafe about the file. ``quota_project``: whose quota is
    used, or who pays. ``searched``: where nothing was found.
    ``again``: how to get another one, where this is refused.
    """

    kind: str
    where: str
    endpoint: str = STORAGE
    token: Secret = field(default=Secret(""), repr=False)
    info: Mapping[str, Any] = field(default_factory=dict, repr=False)
    who: str = ""
    notice: str = ""
    quota_project: str = ""
    searched: tuple[str, ...] = ()
    again: str = f"log in anew: {LOG_IN}"


def google_login(settings: Settings, *, unsigned: bool = False) -> GoogleLogin:
    """The login to use; ``unsigned``: none, for public data, whatever is there.

    Raises :class:`JsobjError` (local) for a file that is named and cannot be used.
    """
    if host := settings.get(_EMULATOR):
        return GoogleLogin("", f"the emulator of {_EMULATOR}", host if "://" in host else f"http://{host}")
    if unsigned:
        return GoogleLogin("", _NO_LOGIN, settings.get(_ENDPOINT) or STORAGE)
    found = _found(settings)
    quota = settings.get("GOOGLE_CLOUD_QUOTA_PROJECT") or found.quota_project
    return replace(found, endpoint=settings.get(_ENDPOINT) or STORAGE, quota_project=quota)


def _found(settings: Settings) -> GoogleLogin:
    for name in _TOKENS:
        if token := settings.get(name).strip():
            again = f"get another: export {name}=$(gcloud auth print-access-token)"
            return GoogleLogin("token", f"the token in {name}", token=Secret(token), again=again)
    if named := settings.get(_FILE):
        return _of_file(settings.cwd / Path(named).expanduser(), f" (named by {_FILE})")
    usual = well_known_file(settings)
    if usual.exists():
        return _of_file(usual, "")
    if settings.get(_METADATA) or _is_googles():
        return GoogleLogin("machine", "the account of this machine, from Google's metadata server")
    searched = (*_TOKENS, _FILE, str(usual), "the metadata server (this is no machine of Google's)")
    return GoogleLogin("", _NO_LOGIN, searched=searched)


def well_known_file(settings: Settings) -> Path:
    """Where gcloud writes the login that is meant for programs."""
    folder = Path(settings.get("CLOUDSDK_CONFIG") or settings.home / ".config" / "gcloud").expanduser()
    return folder / "application_default_credentials.json"


def _is_googles() -> bool:
    """Whether this is a machine of Google's; without a request, which would have to wait everywhere else."""
    try:
        return _MACHINE.read_text(encoding="utf-8", errors="replace").strip().startswith("Google")
    except OSError:
        return False


def _of_file(path: Path, named: str) -> GoogleLogin:
    info, mode = _read(path, named)
    kind = info.get("type")
    _require_kind(path, named, info)
    who = _text(info, "client_email") or _text(info, "service_account_impersonation_url").rpartition("/")[2]
    notice = ""
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        notice = f"others can read {path}: chmod 600 {shlex.quote(str(path))}"
    words = str(kind).replace("_", " ")
    return GoogleLogin(
        "file",
        f"the {words} in {path}{named}",
        info=info,
        who=who.removesuffix(":generateAccessToken"),
        notice=notice,
        quota_project=_text(info, "quota_project_id"),
        again=_AGAIN if named else f"log in anew: {LOG_IN}",
    )


def _read(path: Path, named: str) -> tuple[Mapping[str, Any], int]:
    try:
        with path.open("rb") as file:
            state = path.stat()
            if not stat.S_ISREG(state.st_mode):
                raise _unfit(path, named, "is no plain file")
            data = file.read(_MAX_BYTES)
    except FileNotFoundError:
        raise _unfit(path, named, "is not there") from None
    except OSError as error:
        raise _unfit(path, named, f"cannot be read: {error.strerror}") from None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise _unfit(path, named, "is no JSON") from None
    if not isinstance(found, dict):
        raise _unfit(path, named, "is no JSON object")
    return found, state.st_mode


def _require_kind(path: Path, named: str, info: Mapping[str, Any]) -> None:
    kind = info.get("type")
    if {"installed", "web"} & info.keys():
        raise _unfit(path, named, "is the description of an OAuth client, which is no login")
    if not isinstance(kind, str) or kind not in _KINDS:
        said = f"is of the type '{str(kind)[:40]}'" if kind else "has no type"
        raise _unfit(path, named, f"{said}, and {', '.join(_KINDS)} are known")
    if lacking := [name for name in _KINDS[kind] if not info.get(name)]:
        raise _unfit(path, named, f"is not whole: {', '.join(lacking)} is missing")


def _text(info: Mapping[str, Any], name: str) -> str:
    value = info.get(name)
    return value if isinstance(value, str) else ""


def _unfit(path: Path, named: str, reason: str) -> JsobjError:
    return JsobjError(
        "google-credentials-file",
        f"the credentials of Google in {path}{named} cannot be used: the file {reason}",
        code=ExitCode.LOCAL,
        hint=_AGAIN if named else f"log in anew: {LOG_IN}",
    )
