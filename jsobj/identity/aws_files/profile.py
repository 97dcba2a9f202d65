"""AWS profiles: the two files that ``aws``, boto3 and s3fs read.

A profile is a section ``[name]`` of the credentials file (its keys) and ``[profile name]`` of the config file (where
and how to talk). They are read here as botocore merges them: what the credentials file says wins. They are edited by
:mod:`jsobj.identity.aws_files.ini_edit` and replaced by :mod:`jsobj.atomic`; another key, endpoint or kind of login
under the same name is never replaced without ``overwrite``.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from jsobj.atomic import Change, edit_private_file
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.aws_files import ini_edit
from jsobj.identity.aws_files.ini_read import Value, malformed
from jsobj.secret import Secret

_ACCESS, _SECRET = "aws_access_key_id", "aws_secret_access_key"
_CHECKSUMS = ("request_checksum_calculation", "response_checksum_validation")
_SETTINGS = ("endpoint_url", "region", "s3.addressing_style", *_CHECKSUMS, "ca_bundle")
# Each of these makes botocore log in another way, or elsewhere, than our keys say (its credentials.py, the chain of
# create_credential_resolver; its configprovider.py and utils.py for the endpoint). A session token breaks signatures.
_FOREIGN = (
    "aws_session_token",
    "aws_security_token",
    "role_arn",
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    "credential_process",
    "login_session",
    "sso_session",
    "sso_account_id",
    "sso_role_name",
    "sso_start_url",
    "sso_region",
    "services",
    "ignore_configured_endpoint_urls",
)

Sections = Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class AwsFiles:
    """Where the two files are (they need not exist)."""

    credentials: Path
    config: Path


@dataclass(frozen=True, slots=True)
class AwsProfile:
    """One S3 login as the AWS tools see it. From :func:`read_profile`, a part that is missing is empty.

    ``addressing_style`` is ``path`` or ``virtual``; ``checksums`` is the value of both checksum settings
    (``when_required`` or ``when_supported``; empty when they differ); ``ca_bundle`` is the path of a PEM file.
    """

    name: str
    access: str
    secret: Secret
    endpoint_url: str
    region: str
    addressing_style: str = "path"
    checksums: str = "when_required"
    ca_bundle: str = ""


def read_profile(files: AwsFiles, name: str) -> AwsProfile | None:
    """What the two files say for that profile, merged as botocore does; None when neither has it.

    Raises ``aws-file-malformed`` (LOCAL) with file and line for a file that the AWS tools refuse or misread.
    """
    merged = _merged(_load(files), name)
    if not merged:
        return None
    block = merged.get("s3", {})
    checksums = {_text(merged, key) for key in _CHECKSUMS}
    return AwsProfile(
        name,
        access=_text(merged, _ACCESS),
        secret=Secret(_text(merged, _SECRET)),
        endpoint_url=_text(merged, "endpoint_url"),
        region=_text(merged, "region"),
        addressing_style=block.get("addressing_style", "") if isinstance(block, Mapping) else "",
        checksums=checksums.pop() if len(checksums) == 1 else "",
        ca_bundle=_text(merged, "ca_bundle"),
    )


def has_credential_process(files: AwsFiles, name: str) -> bool:
    """Whether the profile's keys come from a program, which AWS tools run and jsobj does not. Raises as above."""
    return "credential_process" in _merged(_load(files), name)


def names(files: AwsFiles) -> tuple[str, ...]:
    """Every profile of the two files, in file order, config first. Raises as :func:`read_profile`."""
    pair = _load(files)
    found = (_config_name(header) for header in pair.config)
    return tuple(dict.fromkeys(name for name in chain(found, pair.credentials) if name is not None))


def write_profile(files: AwsFiles, profile: AwsProfile, *, overwrite: bool = False) -> tuple[Change, Change]:
    """Write the profile; returns the changes of (config, credentials).

    With ``overwrite`` another setup of that name is replaced, after a backup of each file that changes, and settings
    of it that would win over ours (a session token, a role, single sign-on) are taken out.

    Raises
    ------
    JsobjError
        REFUSED ``profile-holds-another-key`` when the name belongs to another setup and not ``overwrite``; USAGE for
        a name or value that the format cannot hold; LOCAL for a malformed file or what the file system refuses.
        After an error in the second file, run the same again.
    """
    keys, settings = _values(profile)
    _refuse_unusable(profile, {**keys, **settings})
    held = _merged(_load(files), profile.name)
    foreign = bool(_differences(held, profile.access, profile.endpoint_url))
    gone = _gone(profile) if overwrite else ()

    def edit_config(before: bytes | None) -> bytes:
        pair = _Pair(_sections(before, files.config), _load(files).credentials)
        if not overwrite:
            _refuse_other_setup(profile, pair)
        header = _header(pair.config, profile.name, files.config)
        return ini_edit.set_section(before, header, settings, remove=gone, source=str(files.config))

    def edit_credentials(before: bytes | None) -> bytes:
        pair = _Pair(_load(files).config, _sections(before, files.credentials))
        if not overwrite:
            _refuse_other_setup(profile, pair)
        # What the credentials file says wins over the config file: where it speaks of one of our settings, it must
        # say the same.
        held = pair.credentials.get(profile.name, {})
        values = {**keys, **{key: value for key, value in settings.items() if key in held}}
        remove = [key for key in gone if key not in keys]
        return ini_edit.set_section(before, profile.name, values, remove=remove, source=str(files.credentials))

    # The config file first: a run that dies in between leaves an endpoint without a key, which every tool reports. The
    # other way round it leaves a key without its endpoint, and the tools then send signed requests to Amazon.
    config = _edit(files.config, edit_config, _config_name, profile.name, settings, backup=foreign)
    credentials = _edit(files.credentials, edit_credentials, str, profile.name, keys, backup=foreign)
    return _with_notice(config, files, profile.name), credentials


def refuse_other_setup(files: AwsFiles, profile: AwsProfile) -> None:
    """Raise now what :func:`write_profile` would raise for a profile that logs in another way (a role, SSO)."""
    _refuse_other_setup(profile, _load(files))


def remove_profile(files: AwsFiles, name: str, *, access: str) -> tuple[Change, ...]:
    """Take out what :func:`write_profile` writes, and a section in which nothing else is left.

    Returns the changes of the files that hold the profile, credentials first; () when neither does. A profile that
    holds no key any more (a removal that was cut short) counts as ours.

    Raises REFUSED ``profile-holds-another-key`` when it holds another key or logs in another way, and LOCAL as
    :func:`write_profile` does.
    """

    def edit_credentials(before: bytes | None) -> bytes:
        pair = _Pair(_load(files).config, _sections(before, files.credentials))
        _refuse_other_key(name, access, pair)
        return _without(before, name, (_ACCESS, _SECRET), files.credentials)

    def edit_config(before: bytes | None) -> bytes:
        header = _header(_sections(before, files.config), name, files.config)
        return _without(before, header, _SETTINGS, files.config)

    pair = _load(files)
    _refuse_other_key(name, access, pair)
    changes = []
    # The credentials file first, for the reason why it is written last.
    if name in pair.credentials:
        changes.append(_edit(files.credentials, edit_credentials, str, name, {}))
    if any(_config_name(header) == name for header in pair.config):
        changes.append(_edit(files.config, edit_config, _config_name, name, {}))
    return tuple(changes)


@dataclass(frozen=True, slots=True)
class _Pair:
    """The sections of the two files."""

    config: Sections
    credentials: Sections


def _load(files: AwsFiles) -> _Pair:
    return _Pair(sections_of(files.config), sections_of(files.credentials))


def sections_of(path: Path) -> Sections:
    """One file as botocore sees it: what is not a regular file is not there. Raises as :func:`read_profile`."""
    try:
        return _sections(path.read_bytes() if path.is_file() else None, path)
    except OSError as error:
        sentence = f"{path} cannot be read: {error.strerror}"
        hint = f"look at its owner and mode: ls -l {path}"
        raise JsobjError("aws-file-unreadable", sentence, hint=hint, code=ExitCode.LOCAL) from error


def _sections(data: bytes | None, path: Path) -> Sections:
    return ini_edit.sections(data or b"", source=str(path))


def _config_name(header: str) -> str | None:
    """The profile that a header of the config file stands for (botocore's ``configloader.build_profile_map``)."""
    if header == "default":
        return header
    try:
        parts = shlex.split(header)
    except ValueError:
        return None
    return parts[1] if header.startswith("profile") and len(parts) == 2 else None


def _header(config: Sections, name: str, path: Path) -> str:
    """The header of that profile in the config file: as it stands there, else as it is to be written."""
    found = [header for header in config if _config_name(header) == name]
    if len(found) > 1:
        both = " and ".join(f"[{header}]" for header in found)
        raise malformed(f"{path}: {both} are the same profile to the AWS tools", "keep one of the two")
    usual = name if name == "default" else f"profile {name}"
    return found[0] if found else usual


def _merged(pair: _Pair, name: str) -> Mapping[str, Value]:
    """The profile as botocore puts it together (``session.full_config``): key by key, credentials win."""
    config = (keys for header, keys in pair.config.items() if _config_name(header) == name)
    return dict(chain.from_iterable(keys.items() for keys in (*config, pair.credentials.get(name, {}))))


def _text(merged: Mapping[str, Value], key: str) -> str:
    value = merged.get(key, "")
    return value if isinstance(value, str) else ""


def _values(profile: AwsProfile) -> tuple[dict[str, Value], dict[str, Value]]:
    """What goes into the credentials file, and what into the config file."""
    keys: dict[str, Value] = {_ACCESS: profile.access, _SECRET: profile.secret.reveal()}
    settings: dict[str, Value] = {"endpoint_url": profile.endpoint_url, "region": profile.region}
    if profile.addressing_style:
        settings["s3"] = {"addressing_style": profile.addressing_style}
    settings |= dict.fromkeys(_CHECKSUMS, profile.checksums) | {"ca_bundle": profile.ca_bundle}
    return keys, {key: value for key, value in settings.items() if value}


def _gone(profile: AwsProfile) -> tuple[str, ...]:
    """What must not be left of another setup. A key pair in the config file would be a second, other one."""
    unset = [key for key in ("ca_bundle", "region") if not getattr(profile, key)]
    return (_ACCESS, _SECRET, *_FOREIGN, *unset)


def _refuse_unusable(profile: AwsProfile, values: Mapping[str, Value]) -> None:
    """Before anything is written: the second file must not fail for what could be known at the first."""
    ini_edit.refuse_bad_name(profile.name)
    ini_edit.refuse_bad_values(values)
    try:
        plain = shlex.split(f"profile {profile.name}") == ["profile", profile.name]
    except ValueError:
        plain = False
    if not plain or not (profile.access and profile.secret and profile.endpoint_url):
        sentence = "a profile needs a name without blanks, quotes and backslashes, a key, its secret and an endpoint"
        hint = "use letters, digits, '-' and '_' for the name, for example: --profile js2"
        raise JsobjError("aws-profile-unusable", sentence, hint=hint, code=ExitCode.USAGE)


def _differences(merged: Mapping[str, Value], access: str, endpoint: str = "") -> list[str]:
    """In what the profile that is there is another setup than ours; nothing when it is ours or new."""
    held, held_endpoint = _text(merged, _ACCESS), _text(merged, "endpoint_url")
    found = [f"the access key {held}"] if held not in ("", access) else []
    if endpoint and held_endpoint.rstrip("/") not in ("", endpoint.rstrip("/")):
        found.append("another endpoint_url")
    return found + [f"the setting {key}" for key in _FOREIGN if key in merged]


def _refuse_other_setup(profile: AwsProfile, pair: _Pair) -> None:
    found = _differences(_merged(pair, profile.name), profile.access, profile.endpoint_url)
    hint = "keep both with another name: --profile NAME; or replace it (a backup is made): --overwrite"
    _refuse(profile.name, found, hint)


def _refuse_other_key(name: str, access: str, pair: _Pair) -> None:
    found = _differences(_merged(pair, name), access)
    _refuse(name, found, "it is not what jsobj wrote; if it should go, edit the file yourself")


def _refuse(name: str, found: list[str], hint: str) -> None:
    if found:
        sentence = f"the AWS profile '{name}' belongs to another setup: it holds {', '.join(found)}"
        raise JsobjError("profile-holds-another-key", sentence, hint=hint, code=ExitCode.REFUSED)


def _without(before: bytes | None, header: str, keys: tuple[str, ...], path: Path) -> bytes:
    """The file without these keys, and without the section when it held nothing else."""
    if header not in _sections(before, path):
        return before or b""
    rest = ini_edit.set_section(before, header, {}, remove=keys, source=str(path))
    return ini_edit.remove_section(rest, header, only_empty=True, source=str(path))


def _edit(
    path: Path,
    edit: Callable[[bytes | None], bytes],
    profile_of: Callable[[str], str | None],
    name: str,
    values: Mapping[str, Value],
    *,
    backup: bool = False,
) -> Change:
    """Replace one file, after the proof on the bytes that came back from the disk."""
    seen: list[bytes | None] = []

    def recorded(before: bytes | None) -> bytes:
        seen[:] = [before]
        return edit(before)

    def proven(after: bytes) -> None:
        # By botocore's rules: our values read back the same, and every other section reads as before.
        old, new = _sections(seen[0], path), _sections(after, path)
        ours = dict(chain.from_iterable(keys.items() for header, keys in new.items() if profile_of(header) == name))
        others = [{h: keys for h, keys in found.items() if profile_of(h) != name} for found in (old, new)]
        if others[0] != others[1] or any(not _holds(ours.get(key), value) for key, value in values.items()):
            raise malformed(f"{path} would not read back as it should", "simplify the file")

    return edit_private_file(path, recorded, check=proven, backup=backup)


def _holds(found: Value | None, value: Value) -> bool:
    if isinstance(found, Mapping) and isinstance(value, Mapping):
        return value.items() <= found.items()
    return found == value


def _with_notice(config: Change, files: AwsFiles, name: str) -> Change:
    """The same, with a notice of a section that was meant for this profile and that no tool reads."""
    if name == "default" or files.config == files.credentials or name not in _sections(config.after, files.config):
        return config
    notice = f"{files.config} has a section [{name}], which the AWS tools ignore; they read [profile {name}]"
    return replace(config, notices=(*config.notices, notice))
