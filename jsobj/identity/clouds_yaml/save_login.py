"""Storing a login where every OpenStack tool finds it: clouds.yaml, and its secret in secure.yaml; and forgetting it.

After this ``openstack --os-cloud NAME`` works. An entry of another login is replaced with --overwrite only.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsobj.atomic import Change, edit_private_file
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.auth_source import AuthSource
from jsobj.identity.aws_files.ini_edit import EASY_NAME
from jsobj.identity.clouds_yaml.edit import cloud_names, remove_cloud, set_cloud
from jsobj.identity.clouds_yaml.read import CloudsFiles, own_files, read_from
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.keystone.token import identity_root
from jsobj.identity.presets import preset_of
from jsobj.identity.settings import Settings

_IDENTITY = ("application_credential_id", "application_credential_name", "username", "user_id")
_SCOPE = ("project_id", "project_name")


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a login was put."""

    name: str
    files: CloudsFiles
    changes: tuple[Change, ...]


def check_name(name: str) -> str:
    """A cloud's name: letters, digits, ``.``, ``_`` and ``-``, since it becomes an AWS profile's name too."""
    if not EASY_NAME.fullmatch(name):
        raise JsobjError(
            "cloud-name-bad",
            "a cloud's name consists of 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or digit",
            code=ExitCode.USAGE,
            hint="give another with --as NAME",
        )
    return name


def suggest_name(keystone: Keystone) -> str:
    """The known cloud's name, else the project's in small letters."""
    preset = preset_of(keystone.login.auth_url)
    return preset.name if preset else project_slug(keystone) or "openstack"


def project_slug(keystone: Keystone) -> str:
    """The project's name as part of a cloud's or profile's name."""
    return re.sub(r"[^a-z0-9._-]+", "-", keystone.login.project.name.lower()).strip("-._")[:48]


def store(settings: Settings, keystone: Keystone, name: str, *, overwrite: bool) -> Stored:
    """Write the login under ``name``.

    Raises :class:`JsobjError`: refused where the name stands for another login, local where a file cannot be edited.
    """
    files = own_files(settings)
    secure = files.secure or files.clouds.with_name("secure.yaml")
    _refuse_other(files, name, keystone, overwrite=overwrite)
    entry, secrets = _entry(keystone)
    # The secret first: a kill in between leaves a secret without a user, not a login that fails.
    changes = (
        edit_private_file(secure, lambda old: set_cloud(old, name, {"auth": secrets}, source=str(secure))),
        edit_private_file(files.clouds, lambda old: set_cloud(old, name, entry, source=str(files.clouds))),
    )
    return Stored(name, files, changes)


def forget(settings: Settings, name: str) -> tuple[Change, ...]:
    """Take the cloud out of both files; () where it is in neither."""
    files = own_files(settings)
    existing = [path for path in (files.clouds, files.secure) if path is not None and path.is_file()]
    # Both are read before either is changed: a damaged one stops the whole.
    holding = [path for path in existing if name in cloud_names(path.read_bytes(), source=str(path))]

    def remove(path: Path) -> Change:
        return edit_private_file(path, lambda old: remove_cloud(old or b"", name, source=str(path)))

    return tuple(map(remove, holding))


def _refuse_other(files: CloudsFiles, name: str, keystone: Keystone, *, overwrite: bool) -> None:
    if overwrite or not files.clouds.is_file():
        return
    taken = cloud_names(files.clouds.read_bytes(), source=str(files.clouds))
    if name not in taken:
        return
    secure = files.secure if files.secure and files.secure.is_file() else None
    if is_same_login(read_from(CloudsFiles(files.clouds, secure), name, region=keystone.login.region), keystone):
        return
    sentence = f"cloud '{name}' in {files.clouds} is another login"
    context = f"this login is project {keystone.login.project.name} of {keystone.login.auth_url}"
    hint = f"keep both: --as {_free_name(name, taken)}; or replace the old one: --overwrite"
    raise JsobjError("cloud-name-taken", sentence, code=ExitCode.REFUSED, context=context, hint=hint)


def _free_name(name: str, taken: Container[str]) -> str:
    return next(free for number in itertools.count(2) if (free := f"{name[:60]}-{number}") not in taken)


def is_same_login(known: AuthSource, keystone: Keystone) -> bool:
    """Whether a stored entry is the same user or application credential, in the same project, of the same Keystone.

    A new application credential for the same project is another login: the old one may still be in use elsewhere.
    """
    new = keystone.source
    if identity_root(known.auth_url) != identity_root(new.auth_url):
        return False
    if known.is_application_credential != new.is_application_credential:
        return False
    if any(known.auth.get(k) != new.auth.get(k) for k in _IDENTITY if known.auth.get(k) and new.auth.get(k)):
        return False
    project = keystone.login.project
    return known.is_application_credential or {str(known.auth[k]) for k in _SCOPE if known.auth.get(k)} <= {
        project.id,
        project.name,
    }


def _entry(keystone: Keystone) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """The cloud's entry and, apart from it, its secrets; in the shape that Horizon's own clouds.yaml has."""
    source, login = keystone.source, keystone.login
    auth = {k: v for k, v in source.auth.items() if k not in {"identity_api_version"}}
    named = {"application_credential_id", "user_id", "user_domain_id", "user_domain_name"}
    if "username" in auth and not auth.keys() & named:
        auth["user_domain_id"] = "default"  # what the login assumed is said in the file
    if "project_name" in auth and not auth.keys() & {"project_id", "project_domain_id", "project_domain_name"}:
        auth["project_domain_id"] = "default"
    entry: dict[str, Any] = {"auth_type": source.auth_type, "auth": auth}
    if login.region:
        entry["region_name"] = login.region
    entry |= {"interface": source.interface, "identity_api_version": 3}
    if source.cacert:
        entry["cacert"] = source.cacert
    if not source.verify:
        entry["verify"] = False
    return entry, {option: secret.reveal() for option, secret in keystone.chosen.items()}
