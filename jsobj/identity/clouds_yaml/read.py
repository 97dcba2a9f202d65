"""Reading clouds.yaml: which file, which cloud, and what it says.

The rules are openstacksdk's (its ``config/loader.py``): the first existing file of the search path is read and the
others are not; ``secure.yaml`` is merged over it. Importing that loader takes longer than logging in, so an entry of
the plain shape that portals and ``jsobj login`` write is read directly; whatever is richer (vendor profiles, regions
with values, other plugins) goes through the loader. A test holds the two readings against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jsobj.errors import ExitCode, JsobjError, did_you_mean
from jsobj.identity.auth_source import APPLICATION_CREDENTIAL, SECRET_OPTIONS, AuthSource, isolate
from jsobj.identity.settings import Settings
from jsobj.secret import Secret

HIDDEN = "the openstack command does not see"  # how the notice of a cloud that others do not find begins
_MAX_FILE = 10 * 1024 * 1024
_PLAIN_TYPES = frozenset({"password", "v3password", APPLICATION_CREDENTIAL, "v3token"})
_PLAIN_KEYS = frozenset(
    {"auth", "auth_type", "region_name", "interface", "identity_api_version", "cacert", "verify", "regions"}
)
_PLAIN_AUTH = frozenset(
    {
        "auth_url",
        "username",
        "user_id",
        "password",
        "project_id",
        "project_name",
        "user_domain_name",
        "user_domain_id",
        "project_domain_name",
        "project_domain_id",
        "application_credential_id",
        "application_credential_secret",
        "token",
    }
)


@dataclass(frozen=True, slots=True)
class CloudsFiles:
    """The pair of files that would be read together. ``secure`` may be in another folder, or absent (None)."""

    clouds: Path
    secure: Path | None


def own_files(settings: Settings) -> CloudsFiles:
    """Where ``jsobj login`` writes: the files named by the environment, else the user's own."""
    clouds = settings.get("OS_CLIENT_CONFIG_FILE")
    secure = settings.get("OS_CLIENT_SECURE_FILE")
    target = Path(clouds) if clouds else settings.openstack_dir / "clouds.yaml"
    if not clouds:
        target = next((p for p in _variants(settings.openstack_dir, "clouds") if p.exists()), target)
    beside = target.with_name("secure.yaml") if clouds else settings.openstack_dir / "secure.yaml"
    return CloudsFiles(target, Path(secure) if secure else beside)


def _search(settings: Settings, stem: str, variable: str) -> Iterator[Path]:
    """Every place where openstacksdk looks for such a file, best first, whether or not it exists."""
    if settings.get(variable):
        yield Path(settings.get(variable))
    for folder in (settings.cwd, settings.openstack_dir, Path("/etc/xdg/openstack"), Path("/etc/openstack")):
        yield from _variants(folder, stem)


def _variants(folder: Path, stem: str) -> Iterator[Path]:
    for suffix in ("yaml", "yml", "json"):
        yield folder / f"{stem}.{suffix}"


def readable_files(settings: Settings) -> tuple[CloudsFiles, ...]:
    """The pair that openstacksdk would read first; behind it, other existing ones, which it never reaches."""
    secure = [p for p in _search(settings, "secure", "OS_CLIENT_SECURE_FILE") if p.is_file()]
    found: list[CloudsFiles] = []
    for path in dict.fromkeys(filter(Path.is_file, _search(settings, "clouds", "OS_CLIENT_CONFIG_FILE"))):
        beside = [p for p in secure if found and p.parent == path.parent]
        found.append(CloudsFiles(path, next(iter(beside or secure), None)))
    return tuple(found)


def cloud_names(settings: Settings) -> tuple[str, ...]:
    """The clouds of all files found, in their order, each once."""
    return tuple(dict.fromkeys(name for files in readable_files(settings) for name in _clouds_of(files.clouds)))


def read_cloud(settings: Settings, name: str, *, region: str = "") -> AuthSource:
    """The login that ``name`` stands for.

    Raises :class:`JsobjError`: not found (with the names there are), local (malformed file), usage (a region must be
    chosen).
    """
    all_files = readable_files(settings)
    for position, files in enumerate(all_files):
        clouds = _clouds_of(files.clouds)
        if name not in clouds:
            continue
        source = _source(files, clouds, name, region)
        hidden = (
            f"{HIDDEN} cloud '{name}' from here, "
            f"since it reads only {all_files[0].clouds}; set OS_CLIENT_CONFIG_FILE={files.clouds}"
        )
        return replace(source, notices=(*source.notices, hidden)) if position else source
    raise _no_such_cloud(settings, name)


def require_cloud(settings: Settings, name: str) -> None:
    """Refuse the name of a cloud that there is not, where nothing else of it is wanted; "" names none."""
    if name and name not in cloud_names(settings):
        raise _no_such_cloud(settings, name)


def _no_such_cloud(settings: Settings, name: str) -> JsobjError:
    known = cloud_names(settings)
    sentence = f"there is no cloud '{name}' in clouds.yaml"
    context = f"clouds found: {', '.join(known)}" if known else "no clouds.yaml was found"
    some = did_you_mean(name, known) + "name one of them: --cloud NAME"
    hint = some if known else "log in first: jsobj login RCFILE"
    return JsobjError("cloud-not-found", sentence, code=ExitCode.NOT_FOUND, context=context, hint=hint)


def read_from(files: CloudsFiles, name: str, *, region: str = "") -> AuthSource:
    """The cloud ``name`` of exactly these files."""
    return _source(files, _clouds_of(files.clouds), name, region)


def _source(files: CloudsFiles, clouds: Mapping[str, Any], name: str, region: str) -> AuthSource:
    public, private = clouds.get(name), _clouds_of(files.secure).get(name)
    entry = _merged(public, private)
    notices = tuple(
        f"{path} can be read by others: chmod 600 {path}"
        for path, part in ((files.clouds, public), (files.secure, private))
        if path and SECRET_OPTIONS & _auth_of(part).keys() and path.stat().st_mode & 0o077
    )
    if _is_plain(entry):
        config: Mapping[str, Any] = _plain_config(entry, region, name)
    else:
        _refuse_remote_profile(files, name, entry)
        config = _loaded_config(files, name, region)
    auth = dict(config.get("auth") or {})
    secrets = {k: (Secret(str(auth.pop(k))),) for k in sorted(SECRET_OPTIONS & auth.keys()) if auth[k] is not None}
    origins = {
        k: f"{files.secure if k in _auth_of(private) else files.clouds}, cloud {name}" for k in (*auth, *secrets)
    }
    origins |= {"region": f"{files.clouds}, cloud {name}"} if config.get("region_name") else {}
    source = AuthSource(
        kind="clouds.yaml",
        where=str(files.clouds),
        auth_type=str(config.get("auth_type") or "password"),
        auth={k: v for k, v in auth.items() if v not in (None, "")},
        secrets=secrets,
        origins=origins,
        region=str(config.get("region_name") or ""),
        interface=str(config.get("interface") or "public"),
        cacert=str(config.get("cacert") or ""),
        verify=config.get("verify") is not False,
        cloud=name,
        notices=notices,
    )
    return isolate(source)


def _plain_config(entry: Mapping[str, Any], region: str, name: str) -> dict[str, Any]:
    regions = [str(r) for r in entry.get("regions") or ()]
    chosen = region or str(entry.get("region_name") or "") or (regions[0] if len(regions) == 1 else "")
    if not chosen and len(regions) > 1:
        raise _choose_region(name, regions)
    if regions and chosen not in regions:
        sentence = f"cloud '{name}' has no region '{chosen}' (names are case sensitive)"
        raise JsobjError("region-unknown", sentence, code=ExitCode.USAGE, hint=f"choose one of: {', '.join(regions)}")
    return {**entry, "region_name": chosen}


def _choose_region(name: str, regions: list[str]) -> JsobjError:
    sentence = f"cloud '{name}' has {len(regions)} regions: {', '.join(regions)}"
    return JsobjError("region-needed", sentence, code=ExitCode.USAGE, hint=f"choose one: --region {regions[0]}")


def _loaded_config(files: CloudsFiles, name: str, region: str) -> Mapping[str, Any]:
    """The same through openstacksdk, which knows vendor profiles, regions with values and every alias."""
    from openstack import exceptions
    from openstack.config import OpenStackConfig

    try:
        loader = OpenStackConfig(
            config_files=[str(files.clouds)],
            secure_files=[str(files.secure)] if files.secure else [],
            load_envvars=False,
        )
        regions = [r["name"] for r in loader._get_regions(name) if r.get("name")]
        if len(regions) > 1 and not region:
            raise _choose_region(name, regions)
        config: Mapping[str, Any] = loader.get_one(
            cloud=name, validate=False, load_envvars=False, **({"region_name": region} if region else {})
        ).config
    except exceptions.ConfigException as error:
        raise _unusable(files, name, str(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The loader trusts the shape of what it reads. Its words would quote the entry, which may hold a secret.
        raise _unusable(files, name, "an entry is not of the form that openstacksdk expects") from error
    return config


def _unusable(files: CloudsFiles, name: str, context: str) -> JsobjError:
    sentence = f"{files.clouds}: cloud '{name}' cannot be read"
    return JsobjError("cloud-unusable", sentence, code=ExitCode.LOCAL, context=context)


def _refuse_remote_profile(files: CloudsFiles, name: str, entry: Mapping[str, Any]) -> None:
    """A profile that is a URL would be fetched by openstacksdk, and then decide where the secret is sent."""
    remote = next((str(entry[k]) for k in ("profile", "cloud") if "://" in str(entry.get(k, ""))), "")
    if remote:
        sentence = f"{files.clouds}: cloud '{name}' takes its profile from {remote[:200]}, which jsobj does not fetch"
        hint = "write auth_url, region_name and auth_type of that cloud into the entry itself"
        raise JsobjError("cloud-profile-remote", sentence, code=ExitCode.LOCAL, hint=hint)


def _is_plain(entry: Mapping[str, Any]) -> bool:
    auth = entry.get("auth")
    regions = entry.get("regions", [])
    return (
        isinstance(auth, dict)
        and entry.keys() <= _PLAIN_KEYS
        and auth.keys() <= _PLAIN_AUTH
        and entry.get("auth_type", "password") in _PLAIN_TYPES
        and all(isinstance(v, str) and "{" not in v for v in (auth.get("auth_url", ""), entry.get("region_name", "")))
        and "," not in entry.get("region_name", "")
        and isinstance(regions, list)
        and all(isinstance(r, str) for r in regions)
    )


def _auth_of(entry: object) -> Mapping[str, Any]:
    auth = entry.get("auth") if isinstance(entry, dict) else None
    return auth if isinstance(auth, dict) else {}


def _merged(entry: object, secure: object) -> dict[str, Any]:
    """``secure`` laid over ``entry``, mappings merged, as openstacksdk does."""
    result: dict[str, Any] = dict(entry) if isinstance(entry, dict) else {}
    for key, value in secure.items() if isinstance(secure, dict) else ():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


def _clouds_of(path: Path | None) -> Mapping[str, Any]:
    """The ``clouds`` mapping of one file; {} for None. Tags such as ``!!python/object`` are refused, never built."""
    if path is None:
        return {}
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if path.stat().st_size > _MAX_FILE:
            raise JsobjError("clouds-file-too-big", f"{path} is larger than 10 MiB", code=ExitCode.LOCAL)
        document = yaml.load(path.read_bytes(), Loader=loader)  # noqa: S506 # nosec B506 - a safe loader, in C where there is one
    except OSError as error:
        sentence = f"{path} cannot be read: {error.strerror}"
        raise JsobjError("clouds-file-unreadable", sentence, code=ExitCode.LOCAL) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(path, error) from error
    if document is None:
        return {}
    clouds = document.get("clouds") if isinstance(document, dict) else None
    if not isinstance(clouds, dict):
        hint = "download clouds.yaml from the portal again, or use the RC file: jsobj login RCFILE"
        raise JsobjError("clouds-file-no-clouds", f"{path} has no 'clouds:' mapping", code=ExitCode.LOCAL, hint=hint)
    return {str(k): v for k, v in clouds.items()}


def _malformed(path: Path, error: Exception) -> JsobjError:
    mark = getattr(error, "problem_mark", None)
    line = f" line {mark.line + 1}" if mark else ""
    # Only the parser's own words: its context quotes the file, which may hold a secret.
    problem = str(getattr(error, "problem", None) or "not text in UTF-8")
    return JsobjError("clouds-file-malformed", f"{path}{line}: not valid YAML", code=ExitCode.LOCAL, context=problem)


def names_in(path: Path) -> tuple[str, ...]:
    """The clouds of one file.

    Raises :class:`JsobjError` (local) for a file that cannot be read as clouds.yaml.
    """
    if not path.is_file():
        raise JsobjError("clouds-file-missing", f"there is no file {path}", code=ExitCode.NOT_FOUND)
    return tuple(_clouds_of(path))
