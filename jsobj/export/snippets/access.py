"""How a snippet reaches a URL, and what kind of data is there."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from jsobj.errors import ExitCode, JsobjError
from jsobj.export.snippets.kinds import ZARR_FILES, Seen, data_key, kind_of_name, look
from jsobj.export.snippets.registry import Library
from jsobj.export.snippets.target import Target
from jsobj.identity import ledger
from jsobj.identity.aws_files.profile import read_profile
from jsobj.identity.command_hints import same_login
from jsobj.identity.current import chosen_profile, cloud_of_profile, current_source
from jsobj.identity.settings import Settings
from jsobj.net.sigv4 import DEFAULT_REGION
from jsobj.packing.open import open_place
from jsobj.store.access import no_s3_keys, s3_access
from jsobj.store.bucket_name import with_project
from jsobj.store.links.public_look import PublicContainer, PublicLook, PublicServer
from jsobj.store.location import Location
from jsobj.store.open import StoreRequest, account_url
from jsobj.urls import parse_url, require_origin

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone


@dataclass(frozen=True, slots=True)
class SnippetRequest:
    """The command line. ``log_in`` logs in to the cloud of that name ("": the default one)."""

    library: Library
    location: Location
    cloud: str
    profile: str
    endpoint: str
    log_in: Callable[[str], Keystone]


@dataclass(frozen=True, slots=True)
class Found:
    """The way, the kind ("" if unknown), and what the user should know, in sentences."""

    target: Target
    kind: str
    warnings: tuple[str, ...] = ()


# -- private data


def private(settings: Settings, request: SnippetRequest) -> Found:
    """With the keys of a profile, or with a login.

    Raises :class:`JsobjError`: auth where there is neither.
    """
    kind = kind_of_name(request.location.key)
    location = replace(request.location, key=data_key(request.location.key))
    request = replace(request, location=location, cloud=request.cloud or cloud_of_profile(settings, request.profile))
    target = _private_target(settings, request)
    warnings: tuple[str, ...] = ()
    if not kind and request.library.kinds:
        kind, warnings = _looked_up(settings, replace(request, location=replace(location, dialect=target.way)))
    return Found(target, kind, warnings)


def _private_target(settings: Settings, request: SnippetRequest) -> Target:
    location = request.location
    if location.dialect != "swift" and request.library.name != "swiftclient":
        access = s3_access(settings, profile=request.profile, cloud=request.cloud, endpoint=request.endpoint)
        if access is not None:
            return Target(
                way="s3",
                bucket=location.bucket,
                key=location.key,
                endpoint=access.origin,
                typed_endpoint=bool(request.endpoint),
                region=access.region,
                profile=access.profile,
                ca_bundle=access.verify if isinstance(access.verify, str) else "",
            )
        if location.dialect == "s3":
            raise _no_keys(settings, request)
    source = current_source(settings, cloud=request.cloud)
    return Target(
        way="swift",
        bucket=location.bucket,
        key=location.key,
        ca_bundle=source.cacert or settings.get("AWS_CA_BUNDLE"),
        cloud=request.cloud,
        login=source.cloud,
    )


def _no_keys(settings: Settings, request: SnippetRequest) -> JsobjError:
    """The same line of code over Swift is what works, with the login that was named."""
    swift = shlex.quote(str(replace(request.location, dialect="swift")))
    if ":" in request.location.bucket and not with_project(request.location.bucket)[0]:
        swift = "swift://NAME"  # a tenant's that is no project of Keystone's
    return no_s3_keys(
        settings, cloud=request.cloud, profile=request.profile, swift=f"jsobj snippet {request.library.name} {swift}"
    )


def _looked_up(settings: Settings, request: SnippetRequest) -> tuple[str, tuple[str, ...]]:
    """The kind of what is there. Where no server answers, the library's own kind is used."""
    try:
        seen = _look(settings, request)
    except JsobjError as error:
        return "", (f"{error.message}: these lines are for {request.library.title}",)
    if not seen.sample:
        return "", (f"there is nothing at {request.location}: these lines are for {request.library.title}",)
    return seen.kind, ()


def _look(settings: Settings, request: SnippetRequest) -> Seen:
    login = StoreRequest(request.cloud, request.profile, False, request.endpoint, lambda: request.log_in(request.cloud))
    with contextlib.closing(open_place(settings, request.location, login)) as store:
        return look(store, request.location.key)


# -- public data


def public(settings: Settings, request: SnippetRequest) -> Found:
    """Without a login: find the URL under which the data can be read.

    Raises :class:`JsobjError`: usage where no server, or no account on a Swift, is known; network.
    """
    key = data_key(request.location.key)
    if not (request.endpoint or request.cloud or request.profile):
        variable = settings.get("AWS_ENDPOINT_URL_S3") or settings.get("AWS_ENDPOINT_URL")
        request = replace(request, endpoint=variable)
    choice = chosen_profile(settings, profile=request.profile, cloud=request.cloud)
    request = replace(request, profile=choice.name, cloud=_one_cloud(settings, request, choice.name))
    server = _public_server(settings, request)
    seen = _own_look(settings, request, key) if server.own else Seen()
    kind = kind_of_name(request.location.key) or seen.kind
    single = seen.object if seen.sample else bool(key) and not key.endswith("/")
    kinds = request.library.kinds or ("",)
    listed = request.library.lists or (not single and not seen.sample and (kind or kinds[0]) != "zarr")
    samples = _samples_at(key, kind or kinds[0], sample=seen.sample)
    with contextlib.closing(PublicLook(server, request.location.bucket)) as public_look:
        container = public_look.container(samples, listed=listed)
        refuses_absent = kind == "zarr" and container.status == 200 and public_look.refuses_absent(container)
    target = Target(
        way="https",
        bucket=container.bucket,
        key=key,
        object=single,
        endpoint=server.origin if container.bucket else None,
        region=server.region,
        container_url=container.url,
        account=container.account,
    )
    tried = container.url if listed else f"{container.url}/{quote(samples[0])}"
    return Found(target, kind, _public_warnings(request, server, container, tried, refuses_absent))


def _public_warnings(
    request: SnippetRequest, server: PublicServer, container: PublicContainer, tried: str, refuses_absent: bool
) -> tuple[str, ...]:
    """What keeps others from reading, each with what to do."""
    name = shlex.quote(request.location.bucket.rpartition(":")[2])
    login = same_login(cloud=request.cloud)
    publish = f"\n  Next: its owner lets everybody read it: jsobj bucket public {name}{login}"
    warnings = []
    if container.refused:
        warnings.append(f"this cannot be read without a login: {tried} (HTTP {container.status}){publish}")
    elif container.status != 200:
        see = f"\n  Next: see what is there: jsobj ls swift://{name}{login}"
        warnings.append(f"this was not found: {tried} (HTTP {container.status}){see}")
    elif refuses_absent:
        warnings.append(f"empty chunks of this Zarr would be refused: listing {container.url} needs a login{publish}")
    if server.origin.scheme == "https" and isinstance(server.verify, str):
        authority = shlex.quote(server.verify)
        warnings.append(f"this server's certificate is checked with {authority}, which others need too: SSL_CERT_FILE")
    return tuple(warnings)


def _one_cloud(settings: Settings, request: SnippetRequest, profile: str) -> str:
    """The cloud that was named, or that the profile belongs to; refused where they are two."""
    linked = cloud_of_profile(settings, profile)
    if request.cloud and linked and profile != ledger.read(settings).cloud(request.cloud).profile:
        raise JsobjError(
            "two-clouds",
            f"profile '{profile}' belongs to cloud '{linked}', not to '{request.cloud}'",
            code=ExitCode.USAGE,
            hint="name one of them",
        )
    return request.cloud or linked


def _public_server(settings: Settings, request: SnippetRequest) -> PublicServer:
    """The server of ``--endpoint``, else of the cloud and its profile."""
    if request.endpoint:
        return _typed_server(settings, request)
    profile = read_profile(settings.aws, request.profile) if request.profile else None
    keystone, reason = None, ""
    if request.cloud or not request.profile:
        try:
            keystone = request.log_in(request.cloud)
        except JsobjError as error:
            reason = error.message
    if profile is not None and profile.endpoint_url:
        origin = require_origin(profile.endpoint_url)
    elif keystone is not None:
        origin = keystone.login.s3_origin
    else:
        raise JsobjError(
            "endpoint-missing",
            "it is not known on which server these public data are",
            code=ExitCode.USAGE,
            context=reason,
            hint="name it: --endpoint https://HOST:PORT",
        )
    region = profile.region if profile is not None and profile.region else DEFAULT_REGION
    verify = settings.get("AWS_CA_BUNDLE") or (profile.ca_bundle if profile is not None else "") or True
    return _with_account(PublicServer(origin, region=region, verify=verify), keystone, settings)


def _typed_server(settings: Settings, request: SnippetRequest) -> PublicServer:
    account = account_url(request.endpoint)
    if request.location.dialect == "s3" and account and "_" not in account.rpartition("/")[2]:
        require_origin(request.endpoint)  # it says that this is the Swift API
    verify = settings.get("AWS_CA_BUNDLE") or True
    if account:
        return PublicServer(parse_url(account)[0], account, verify=verify)
    keystone = None
    with contextlib.suppress(JsobjError):  # the login would only give a likely account
        keystone = request.log_in(request.cloud)
    return _with_account(PublicServer(require_origin(request.endpoint), verify=verify), keystone, settings)


def _with_account(server: PublicServer, keystone: Keystone | None, settings: Settings) -> PublicServer:
    """With the account of the login, where that is on this server."""
    if keystone is None:
        return server
    from jsobj.identity.keystone.client import verify_of

    login = keystone.login
    with contextlib.suppress(JsobjError):  # the project may have no object store
        if server.origin in {login.s3_origin, parse_url(login.swift_url)[0]}:
            return replace(server, account=login.swift_url, own=True, verify=verify_of(keystone, settings))
    return server


def _own_look(settings: Settings, request: SnippetRequest, key: str) -> Seen:
    """What the login itself sees there: the data are most likely its own."""
    if ":" not in request.location.bucket:
        with contextlib.suppress(JsobjError):
            return _look(settings, replace(request, location=Location("swift", request.location.bucket, key)))
    return Seen()


def _samples_at(key: str, kind: str, *, sample: str = "") -> tuple[str, ...]:
    """Objects that are probably there, for a request that tells something. ``sample``: one that was seen there."""
    if sample:
        return (sample,)
    folder = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
    return tuple(folder + name for name in ZARR_FILES[:3]) if kind == "zarr" else (key,)
