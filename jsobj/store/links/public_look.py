"""Finds the URL of public data by asking the server without a login.

Facts used (measured on Ceph RGW 16 and Swift 2.38): Swift gives public objects below the account's URL only, and
answers no S3 request without a key. Ceph gives them below the Swift URL of the project and below the S3 endpoint;
where each project has bucket names of its own, the latter must say ``PROJECT:BUCKET``. A Swift read ACL, a bucket
policy and the ACL of an object make it readable through both. 401 and 403 mean that only a login may read; 404 that
there is no such bucket or object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from jsobj.ec2_keys.probe import server_at
from jsobj.ec2_keys.s3_account import READ_SECONDS, get
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.settings import process_environment
from jsobj.net.client import HttpClient
from jsobj.net.connection.response_head import WireError
from jsobj.net.errors import request_failed
from jsobj.net.request import Reply
from jsobj.net.sigv4 import DEFAULT_REGION
from jsobj.urls import Origin, parse_url

_REFUSED = frozenset({401, 403})
_ABSENT = ".jsobj-no-such-object"


@dataclass(frozen=True, slots=True)
class PublicServer:
    """Where the data should be, by one login, one profile or one ``--endpoint``.

    ``account`` is the URL of a Swift account, "" where none is known; ``own``: it is the login's. ``project``: where
    bucket names are each project's own, the one that is meant, if no account tells.
    """

    origin: Origin
    account: str = ""
    region: str = DEFAULT_REGION
    verify: bool | str = True
    own: bool = False
    project: str = ""


@dataclass(frozen=True, slots=True)
class PublicContainer:
    """A container as it is reached without a login. ``status``: the HTTP status of a request there (0: not sent yet).

    ``url``: objects are below it. ``account``: the Swift URL above the container. ``bucket``: its name for S3, "" where
    that API needs a key.
    """

    url: str
    account: str
    bucket: str
    status: int = 0

    @property
    def refused(self) -> bool:
        """Whether reading needs a login."""
        return self.status in _REFUSED


class PublicLook:
    """Asks one server about one bucket, without a login."""

    def __init__(self, server: PublicServer, bucket: str) -> None:
        self._server = server
        self._project, _, self._name = bucket.rpartition(":")
        self._client = HttpClient(process_environment(), server.verify, read_seconds=READ_SECONDS)
        self.swift = server_at(server.origin, verify=server.verify).server == "swift"

    def container(self, samples: tuple[str, ...], *, listed: bool) -> PublicContainer:
        """The first way in under which one of the objects ``samples`` can be read, else the likeliest.

        ``listed``: the container's list is wanted instead, over S3 where that answers.
        """
        found = None
        for way in self.ways():
            status = self._list_status(way) if listed else self._best_status(way.url, samples)
            if status == 200:
                return replace(way, status=status)
            if found is None or (found.status == 404 and status != 404):
                found = replace(way, status=status)
        assert found is not None
        return found

    def refuses_absent(self, container: PublicContainer) -> bool:
        """Whether an object that is not there is refused, where it should be "not found".

        Ceph does that to those who may read the objects of a bucket but not list it, and readers of Zarr take it for a
        failure when a chunk is empty.
        """
        return self.status(f"{container.url}/{_ABSENT}") in _REFUSED

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def ways(self) -> Iterator[PublicContainer]:
        """Every way that the bucket may be reached, the likeliest first."""
        account, origin = self._server.account, self._server.origin
        name = quote(self._name)
        project = self._project or account.partition("/AUTH_")[2] or self._server.project
        if self.swift:
            if not account:
                raise _account_missing()
            yield PublicContainer(f"{account}/{name}", account, "")
            return
        tenant = f"{project}:{self._name}" if project else ""
        if account and self._project in account:
            yield PublicContainer(f"{account}/{name}", account, tenant or self._name)
        if tenant:
            url = f"{origin}/swift/v1/AUTH_{project}"
            yield PublicContainer(f"{origin}/{quote(tenant, safe=':')}", url, tenant)
        if not self._project:
            yield PublicContainer(f"{origin}/{name}", f"{origin}/swift/v1", self._name)

    def _best_status(self, url: str, samples: tuple[str, ...]) -> int:
        """200 where any sample is given, else what the last one was answered."""
        status = 0
        for sample in samples:
            status = self.status(f"{url}/{quote(sample)}")
            if status == 200:
                break
        return status

    def _list_status(self, way: PublicContainer) -> int:
        if not way.bucket:
            return self.status(f"{way.url}/")
        answer = get(self._server.origin, f"/{quote(way.bucket, safe=':')}", verify=self._server.verify)
        return answer.status

    def status(self, url: str, *, method: str = "HEAD") -> int:
        """The HTTP status of a request without a login; 200 also for an empty list. Raises network errors."""
        status = self.answer(url, method=method, headers={}).status
        return 200 if status == 204 else status

    def answer(self, url: str, *, method: str, headers: Mapping[str, str]) -> Reply:
        """A request without a login, and its answer. Raises network errors."""
        try:
            return self._client.send(method, url, headers=headers)
        except WireError as error:
            raise request_failed(parse_url(url)[0], error) from error


def _account_missing() -> JsobjError:
    return JsobjError(
        "endpoint-missing",
        "this is a Swift, and it is not known in which account these public data are",
        code=ExitCode.USAGE,
        hint="name it: --endpoint https://HOST/v1/AUTH_PROJECT (jsobj whoami shows the owner's)",
    )
