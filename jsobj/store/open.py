"""Which dialect serves a command, for buckets and for objects: the one that was named, else S3 where there are keys,
else Swift."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.identity import ledger
from jsobj.identity.command_hints import same_login
from jsobj.identity.settings import Settings
from jsobj.store.access import S3Access, no_s3_keys, s3_access, s3_public
from jsobj.store.bucket_name import FOREIGN, WEB, with_project
from jsobj.store.location import Location
from jsobj.store.objects import Store
from jsobj.store.values import StorePlace
from jsobj.urls import Origin, parse_url, split_swift_path

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.net.retry import RetryPolicy
    from jsobj.store.buckets import Bucket, BucketAdmin
    from jsobj.store.s3.bucket_policy import BucketPolicies
    from jsobj.store.swift.container_acl import ContainerAcls


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """The options. ``unsigned``: public data, without keys or login.

    ``endpoint``: an S3 endpoint instead of the profile's; for public data over Swift, the account's URL. ``log_in`` is
    called where a token is needed; a command's also shows the login's notices.
    """

    cloud: str = ""
    profile: str = ""
    unsigned: bool = False
    endpoint: str = ""
    log_in: Callable[[], Keystone] | None = None

    def keystone(self, settings: Settings) -> Keystone:
        """The login meant. Raises :class:`JsobjError` (auth) if there is none."""
        if self.log_in is not None:
            return self.log_in()
        from jsobj.identity.current import current_source
        from jsobj.identity.keystone.client import Keystone

        return Keystone(current_source(settings, cloud=self.cloud, profile=self.profile))


def open_account(settings: Settings, location: Location, request: StoreRequest) -> BucketAdmin:
    """The account meant, for making and keeping buckets. The bucket in ``location`` is for hints only.

    Raises :class:`JsobjError`: auth where there is neither a key nor a login.
    """
    access = _keys(settings, location, request)
    if access is not None:
        from jsobj.store.s3.bucket_admin import S3Account

        return S3Account(access, proxy=_proxy(settings, access.origin))
    return _swift_account(settings, request)


def _swift_account(settings: Settings, request: StoreRequest) -> BucketAdmin:
    from jsobj.store.swift.bucket_admin import SwiftAccount

    keystone, verify, proxy = _swift_login(settings, request)
    return SwiftAccount(keystone, verify=verify, proxy=proxy)


def bucket_policies(settings: Settings, location: Location, request: StoreRequest) -> BucketPolicies | None:
    """The policies that the keys meant may change; None where there are no keys. Raises as :func:`open_account`."""
    access = _keys(settings, location, request)
    if access is None:
        return None
    from jsobj.store.s3.bucket_policy import BucketPolicies

    return BucketPolicies(access, proxy=_proxy(settings, access.origin))


def container_acls(settings: Settings, request: StoreRequest) -> tuple[ContainerAcls, str]:
    """The access control lists that the login meant may change, and its account's URL. Raises auth, network."""
    from jsobj.store.swift.container_acl import ContainerAcls

    keystone, verify, proxy = _swift_login(settings, request)
    return ContainerAcls(keystone, verify=verify, proxy=proxy), keystone.login.swift_url


def open_store(
    settings: Settings, location: Location, request: StoreRequest, *, retry: RetryPolicy | None = None
) -> Store:
    """The store of the bucket in ``location``.

    Raises :class:`JsobjError`: auth where there is neither a key nor a login, usage where no endpoint is known.
    """
    if location.dialect in FOREIGN | WEB:
        from jsobj.store.foreign.open import open_foreign

        return open_foreign(settings, location, unsigned=request.unsigned, retry=retry)
    request = _at(location, request)
    access = _access(settings, location, request)
    if access is not None:
        proxy = _proxy(settings, access.origin)
        if location.signed:
            from jsobj.store.links.signed import S3Link

            return S3Link(access, location.bucket, location.key, location.signed, proxy=proxy, retry=retry)
        from jsobj.store.s3.store import S3Store

        return S3Store(access, location.bucket, proxy=proxy, retry=retry)
    if request.unsigned:
        return _public_swift(settings, location, request, retry)
    return _swift(settings, location, request, retry)


def _at(location: Location, request: StoreRequest) -> StoreRequest:
    """What is asked for a place that names its server: public data there, whatever login is chosen."""
    return replace(request, unsigned=True, endpoint=location.public) if location.public else request


def known_of(settings: Settings, location: Location, request: StoreRequest) -> tuple[object, ...]:
    """What :func:`open_store` depends on: equal if it would open the same store. Sends no requests.

    Raises :class:`JsobjError` as that one.
    """
    if location.dialect in FOREIGN | WEB:
        return settings, location.dialect, location.public, request.unsigned
    request = _at(location, request)
    access = _access(settings, location, request)
    if access is not None or request.unsigned:
        return settings, access, location.public
    from jsobj.identity.current import current_source

    return settings, current_source(settings, cloud=request.cloud, profile=request.profile)


def _access(settings: Settings, location: Location, request: StoreRequest) -> S3Access | None:
    """The way over S3; None where the Swift API is meant, as by a Swift URL as the endpoint of public data."""
    if not request.unsigned:
        return _keys(settings, location, request)
    if location.dialect == "swift" or (not location.dialect and account_url(request.endpoint)):
        return None
    return s3_public(settings, profile=request.profile, cloud=request.cloud, endpoint=request.endpoint)


def _keys(settings: Settings, location: Location, request: StoreRequest) -> S3Access | None:
    """The access of the profile meant; None for Swift."""
    _refuse_mixture(settings, request)
    if location.dialect == "swift":
        return None
    access = s3_access(settings, profile=request.profile, cloud=request.cloud, endpoint=request.endpoint)
    if access is None and location.dialect == "s3":
        raise no_s3_keys(settings, cloud=request.cloud, profile=request.profile, swift=_over_swift(location))
    return access


def _refuse_mixture(settings: Settings, request: StoreRequest) -> None:
    """A cloud and another cloud's profile: S3 would go to one, Swift to the other."""
    if not (request.cloud and request.profile):
        return
    owners = [record.name for record in ledger.read(settings).clouds if record.profile == request.profile]
    if owners and request.cloud not in owners:
        named = same_login(cloud=request.cloud).strip(), same_login(profile=request.profile).strip()
        raise BadUsage(
            f"profile '{request.profile}' belongs to cloud '{owners[0]}', not to '{request.cloud}'",
            hint=f"name one of them: {' or '.join(named)}",
        )


def _over_swift(location: Location) -> str:
    """The same place, as it is typed for the Swift API."""
    if ":" in location.bucket and not with_project(location.bucket)[0]:
        return "swift://NAME"  # a tenant's that is no project of Keystone's
    place = str(replace(location, dialect="swift"))
    return shlex.quote(place if location.key else place.removesuffix("/"))


def _proxy(settings: Settings, origin: Origin) -> str:
    from jsobj.net.connection.proxy import tunnel_for

    return tunnel_for(settings.environ, origin)


def list_buckets(settings: Settings, dialect: str, request: StoreRequest) -> Iterator[Bucket]:
    """All buckets of the account meant, by name.

    Raises :class:`JsobjError`: as :func:`open_store`; usage for public data, whose buckets cannot be listed.
    """
    if request.unsigned:
        raise BadUsage(
            "without a login there is no project whose buckets could be listed",
            hint="name a bucket: jsobj ls s3://BUCKET --no-sign-request",
        )
    return open_account(settings, Location(dialect, ""), request).list()


def with_counts(settings: Settings, found: list[Bucket], project: str, request: StoreRequest) -> list[Bucket]:
    """What S3 lists, with the counts that the Swift API tells; as it is where no login sees the same buckets.

    ``project``: whose key it was. A login that does not work is no error here: the list is whole without it.
    """
    try:
        account = _swift_account(settings, request)
        if account.place.project != project:
            return found
        containers = {each.name: each for each in account.list()}
    except JsobjError:
        return found
    if not all(bucket.name in containers for bucket in found):
        return found  # another cloud's project of the same name
    return [replace(each, objects=containers[each.name].objects, size=containers[each.name].size) for each in found]


def _swift(settings: Settings, location: Location, request: StoreRequest, retry: RetryPolicy | None) -> Store:
    from jsobj.store.swift.store import SwiftStore
    from jsobj.store.swift.token_keeper import TokenKeeper

    keystone, verify, proxy = _swift_login(settings, request)
    login = keystone.login
    url, bucket = _account_of(login.swift_url, login.project.id, location.bucket)
    place = StorePlace("swift", bucket, url, f"a token of {login.user.name}", login.project.name, url)
    return SwiftStore(place, TokenKeeper(keystone), verify=verify, proxy=proxy, retry=retry)


def _account_of(url: str, project: str, bucket: str) -> tuple[str, str]:
    """The URL of the account that has the bucket, and its name there; ``url`` is the account of ``project``.

    A Ceph whose names are shared by all projects has no accounts in its URLs, nor projects before names.
    """
    whose, name = with_project(bucket)
    if not whose:
        return url, bucket
    if not url.endswith(f"_{project}"):
        return url, name
    return url.removesuffix(project) + whose, bucket


def _swift_login(settings: Settings, request: StoreRequest) -> tuple[Keystone, bool | str, str]:
    """The login, and for its object store what certificates are checked with, and the proxy."""
    from jsobj.identity.keystone.client import verify_of

    keystone = request.keystone(settings)
    return keystone, verify_of(keystone, settings), _proxy(settings, parse_url(keystone.login.swift_url)[0])


def _public_swift(settings: Settings, location: Location, request: StoreRequest, retry: RetryPolicy | None) -> Store:
    from jsobj.store.swift.store import SwiftStore

    url = account_url(request.endpoint) or account_url(settings.get("OS_STORAGE_URL"))
    if not url:
        raise JsobjError(
            "endpoint-missing",
            "it is not known in which account these public data are",
            code=ExitCode.USAGE,
            context="over the Swift API, containers belong to an account, and its URL is what the data's owner knows",
            hint="name it: --endpoint https://HOST/swift/v1/AUTH_PROJECT (jsobj whoami shows the owner's)",
        )
    place = StorePlace("swift", location.bucket, url, "no login, for public data", account=url)
    verify, proxy = settings.ca_bundle or settings.get("AWS_CA_BUNDLE") or True, _proxy(settings, parse_url(url)[0])
    if location.signed:
        from jsobj.store.links.signed import SwiftLink

        return SwiftLink(place, location.key, location.signed, verify=verify, proxy=proxy, retry=retry)
    return SwiftStore(place, verify=verify, proxy=proxy, retry=retry)


def account_url(text: str) -> str:
    """``text`` where it is the URL of a Swift account, cut after the account; else ""."""
    if not text:
        return ""
    origin, path = parse_url(text)
    found = split_swift_path(path.rstrip("/"))
    return f"{origin}{found[0]}" if found is not None else ""
