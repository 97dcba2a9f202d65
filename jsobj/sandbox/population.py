"""Projects, users, roles, application credentials and the catalogue of a sandbox.

They are made through Keystone's API, as an operator would.
"""

from __future__ import annotations

import time
from contextlib import suppress

from jsobj.errors import JsobjError
from jsobj.sandbox.record import SandboxRecord
from jsobj.sandbox.services.keystone_api import DEFAULT_DOMAIN, KeystoneApi

# user: (project, role). The service user may validate S3 signatures and read the keys it caches.
MEMBERS = {"alice": ("demo", "member"), "rita": ("demo", "reader"), "otto": ("other", "member")}
SERVICE_ROLES = ("admin", "service")
# Seconds. Keystone refuses a date in the past, so this one lies just ahead; on a busy computer not far enough.
_EXPIRES_AFTER = (2.0, 5.0, 20.0)


def populate(record: SandboxRecord) -> float:
    """Create all and fill ``record``; the time (Unix seconds) at which ``expired`` has expired."""
    admin = KeystoneApi(record.auth_url).log_in("admin", record.password("admin"), "admin")
    roles = {role["name"]: role["id"] for role in admin.call("GET", "/roles")["roles"]}
    for project in ("demo", "other", "service"):
        record.projects[project] = admin.create("project", name=project, domain_id=DEFAULT_DOMAIN["id"])
    for user, (project, role) in MEMBERS.items():
        _enroll(admin, record, user, project, [roles[role]])
    _enroll(admin, record, "swift", "service", [roles[role] for role in SERVICE_ROLES])
    return _app_credentials(record)


def publish_catalogue(record: SandboxRecord) -> None:
    """Update the catalogue to the present ports and region."""
    admin = KeystoneApi(record.auth_url).log_in("admin", record.password("admin"), "admin")
    regions = {region["id"] for region in admin.call("GET", "/regions")["regions"]}
    if record.location not in regions:
        admin.call("POST", "/regions", {"region": {"id": record.location}})
    services = {service["type"]: service["id"] for service in admin.call("GET", "/services")["services"]}
    if "object-store" not in services:
        services["object-store"] = admin.create("service", name="swift", type="object-store")
    urls = {"identity": record.auth_url, "object-store": f"{record.s3_endpoint}/v1/AUTH_%(project_id)s"}
    endpoints = admin.call("GET", "/endpoints")["endpoints"]
    for kind, url in urls.items():
        for interface in ("public", "internal", "admin"):
            data = {"service_id": services[kind], "interface": interface, "url": url, "region_id": record.location}
            found = [old for old in endpoints if old["service_id"] == services[kind] and old["interface"] == interface]
            if not found:
                admin.call("POST", "/endpoints", {"endpoint": data})
            elif any(found[0][name] != value for name, value in data.items()):
                admin.call("PATCH", f"/endpoints/{found[0]['id']}", {"endpoint": data})


def _enroll(admin: KeystoneApi, record: SandboxRecord, user: str, project: str, roles: list[str]) -> None:
    record.users[user] = admin.create(
        "user",
        name=user,
        password=record.password(user).reveal(),
        domain_id=DEFAULT_DOMAIN["id"],
        default_project_id=record.projects[project],
    )
    for role in roles:
        admin.call("PUT", f"/projects/{record.projects[project]}/users/{record.users[user]}/roles/{role}")


def _app_credentials(record: SandboxRecord) -> float:
    alice = KeystoneApi(record.auth_url).log_in("alice", record.password("alice"), "demo")
    path = f"/users/{record.users['alice']}/application_credentials"

    def make(name: str, **extra: object) -> None:
        answer = alice.call("POST", path, {"application_credential": {"name": name, **extra}})["application_credential"]
        record.app_credentials[name] = (answer["id"], answer["secret"])

    def make_expired(after: float) -> float:
        end = float(int(time.time() + after))  # whole seconds, as Keystone keeps them
        make("expired", expires_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)))
        return end

    make("restricted")
    make("unrestricted", unrestricted=True)
    for after in _EXPIRES_AFTER[:-1]:
        with suppress(JsobjError):
            return make_expired(after)
    return make_expired(_EXPIRES_AFTER[-1])
