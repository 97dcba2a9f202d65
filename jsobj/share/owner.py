"""The owner of a bucket at work: with S3 keys on its policy, with a login on its access control list."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jsobj.ec2_keys.probe import server_at
from jsobj.errors import JsobjError
from jsobj.store.access import other_account, owner_id
from jsobj.store.links.public_look import PublicServer
from jsobj.store.location import Location
from jsobj.store.open import StoreRequest, bucket_policies, container_acls

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.store.s3.bucket_policy import BucketPolicies
    from jsobj.store.swift.container_acl import ContainerAcls


@dataclass(frozen=True, slots=True)
class Owner:
    """Who may change one bucket, and where others find it.

    ``server``: ``ceph-rgw``, ``swift`` or ``unknown``. ``policies`` is None without S3 keys or on Swift, ``acls``
    without a login (``no_login`` says why). ``at``: the options that choose the same login, for hints. ``project``: the
    id of the owner's project, "" where the server does not say; ``tenants``: whether each has bucket names of its own.
    """

    bucket: str
    server: str
    place: PublicServer
    policies: BucketPolicies | None
    acls: ContainerAcls | None
    no_login: str = ""
    at: str = ""
    project: str = ""
    tenants: bool | None = None

    @property
    def origins(self) -> frozenset[str]:
        """Where this object store is, by its keys and by the catalogue."""
        others = self.acls.origins if self.acls is not None else ()
        return frozenset(str(each) for each in (self.place.origin, *others) if each is not None)


@contextlib.contextmanager
def owner_of(settings: Settings, location: Location, request: StoreRequest, *, at: str = "") -> Iterator[Owner]:
    """The owner's connections, closed at the end. Raises :class:`JsobjError`: auth with neither keys nor a login."""
    with contextlib.ExitStack() as stack:
        policies = _policies(settings, location, request)
        if policies is not None:
            stack.callback(policies.close)
        typed = location.dialect == "swift"
        acls, account, no_login = _acls(settings, request, policies, typed=typed)
        if typed and no_login:
            policies = None
        if acls is not None:
            stack.callback(acls.close)
            origin, verify = acls.origin, acls.verify
        if policies is not None:
            origin, verify = policies.access.origin, policies.access.verify
        server = server_at(origin, verify=verify).server
        owner = owner_id(policies.access) if policies is not None else ""
        tenant = _tenant(owner) if not account else ""
        place = PublicServer(origin, account, verify=verify, own=True, project=tenant)
        if server == "swift":
            policies = None
        project = acls.project.id if acls is not None else owner.partition("$")[0]
        tenants = "$" in owner if owner else None
        yield Owner(location.bucket, server, place, policies, acls, no_login, at, project, tenants)


def _tenant(owner: str) -> str:
    """The project before names of its own: there Ceph calls the owner of a bucket ``TENANT$USER``; "" elsewhere."""
    tenant, mark, _ = owner.partition("$")
    return tenant if mark else ""


def _acls(
    settings: Settings, request: StoreRequest, policies: BucketPolicies | None, *, typed: bool
) -> tuple[ContainerAcls | None, str, str]:
    """The lists, and the account's URL; else why there are none, which is an error only where there are no keys.

    ``typed``: a container of the login was named, so that its lists are kept, and it is said why the keys are not its.
    """
    try:
        acls, account = container_acls(settings, request)
    except JsobjError as error:
        if policies is None or typed:
            raise
        return None, "", error.message
    reason = "" if policies is None else other_account(policies.access, acls.origins, acls.project)
    if not reason or typed:
        return acls, account, reason
    acls.close()
    return None, "", reason


def _policies(settings: Settings, location: Location, request: StoreRequest) -> BucketPolicies | None:
    """With the keys meant; what was typed for the Swift API needs none, and uses them where there are any."""
    try:
        return bucket_policies(settings, replace(location, dialect=location.dialect.replace("swift", "")), request)
    except JsobjError:
        if location.dialect == "swift":
            return None
        raise
