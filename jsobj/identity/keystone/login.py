"""What Keystone says of a token, as one frozen value; and the catalogue inside it.

The token's body (Identity API v3, ``POST /v3/auth/tokens``) already names user, project, roles, expiry, the service
catalogue and whether an application credential is restricted, so one request tells all of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.units import iso_time
from jsobj.urls import Origin, normalise_endpoint


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with an id and a name, within a domain."""

    id: str
    name: str
    domain: str = ""


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """The application credential behind a token."""

    id: str
    name: str
    restricted: bool


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the catalogue."""

    service: str
    name: str
    region: str
    interface: str
    url: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """The catalogue as Keystone sent it."""

    endpoints: tuple[Endpoint, ...]

    def regions(self, service: str) -> tuple[str, ...]:
        """The regions that offer a service, each once, in the catalogue's order."""
        return tuple(dict.fromkeys(e.region for e in self.endpoints if e.service == service))

    def url(self, service: str, region: str, interface: str) -> str:
        """The URL of a service; "" where the catalogue has none. With region "" the only region is meant."""
        found = (e for e in self.endpoints if (e.service, e.interface) == (service, interface))
        return next((e.url for e in found if region in ("", e.region)), "")


@dataclass(frozen=True, slots=True)
class Login:
    """A login that worked.

    ``clock_offset`` is server time minus local time in seconds, from the ``Date`` header of the answer (None without
    one).
    """

    auth_url: str
    user: Named
    project: Named
    roles: tuple[str, ...]
    methods: tuple[str, ...]
    token_expires: datetime | None
    credential: TokenCredential | None
    catalog: Catalog
    region: str
    interface: str
    clock_offset: float | None = None

    @property
    def swift_url(self) -> str:
        """The Swift API's URL of this project, as the catalogue has it.

        Raises :class:`JsobjError`: not found where the catalogue has no object store, usage where the region must be
        chosen.
        """
        url = self.catalog.url("object-store", self.region, self.interface)
        if url:
            return url.rstrip("/")
        regions = self.catalog.regions("object-store")
        wanted = f"service object-store, region {self.region or 'any'}, interface {self.interface}"
        hint = (
            f"log in again with --region {regions[0]}" if regions else "ask your cloud's help desk for object storage"
        )
        sentence = f"the catalogue of project {self.project.name} has no endpoint for {wanted}"
        context = f"object-store is offered in: {', '.join(regions)}" if regions else "no object-store in any region"
        raise JsobjError("no-object-store", sentence, code=ExitCode.NOT_FOUND, context=context, hint=hint)

    @property
    def s3_origin(self) -> Origin:
        """Where the S3 API should be: the catalogue's ``s3`` entry, else what is left of the Swift URL."""
        return normalise_endpoint(self.catalog.url("s3", self.region, self.interface) or self.swift_url).origin


def login_from_token(
    body: Mapping[str, Any], *, auth_url: str, region: str, interface: str, clock_offset: float | None
) -> Login:
    """Read a token's body (the value under ``token``).

    Raises :class:`JsobjError`: refused for a token without a project, usage where several regions offer object storage
    and none was chosen, network where the body is not a token's.
    """
    try:
        user = _named(body["user"])
        project = body.get("project")
        roles = tuple(sorted(str(role["name"]) for role in body.get("roles", ())))
        catalog = Catalog(tuple(_endpoints(body.get("catalog", ()))))
        credential = _credential(body.get("application_credential"))
        methods = tuple(str(method) for method in body.get("methods", ()))
        expires = iso_time(body.get("expires_at"))
        scope = _named(project) if project else None
    except (KeyError, TypeError, AttributeError) as error:
        raise JsobjError(
            "keystone-odd-answer", f"{auth_url} answered with something that is not a token", code=ExitCode.NETWORK
        ) from error
    if scope is None:
        sentence = f"user {user.name} is logged in, but to no project"
        hint = "use the RC file of one project, or set OS_PROJECT_NAME (and OS_PROJECT_DOMAIN_NAME)"
        raise JsobjError("login-without-project", sentence, code=ExitCode.REFUSED, hint=hint)
    regions = catalog.regions("object-store")
    if not region and len(regions) > 1:
        sentence = f"object storage is offered in {len(regions)} regions: {', '.join(regions)}"
        raise JsobjError("region-needed", sentence, code=ExitCode.USAGE, hint=f"choose one: --region {regions[0]}")
    chosen = region or (regions[0] if regions else "")
    return Login(auth_url, user, scope, roles, methods, expires, credential, catalog, chosen, interface, clock_offset)


def _named(value: Mapping[str, Any]) -> Named:
    return Named(str(value["id"]), str(value["name"]), str((value.get("domain") or {}).get("name", "")))


def _credential(value: Mapping[str, Any] | None) -> TokenCredential | None:
    if not value:
        return None
    # Keystone older than 2018 does not say; such a one restricts every application credential.
    return TokenCredential(str(value["id"]), str(value.get("name", "")), bool(value.get("restricted", True)))


def _endpoints(catalog: Sequence[Mapping[str, Any]]) -> list[Endpoint]:
    return [
        Endpoint(
            service=str(service.get("type", "")),
            name=str(service.get("name", "")),
            region=str(endpoint.get("region") or endpoint.get("region_id") or ""),
            interface=str(endpoint.get("interface", "")),
            url=str(endpoint.get("url", "")),
        )
        for service in catalog
        for endpoint in service.get("endpoints", ())
    ]
