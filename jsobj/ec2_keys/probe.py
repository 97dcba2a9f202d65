"""Which server is behind an S3 endpoint, and what it wants: asked, not guessed.

Facts used (measured on Ceph RGW 16 and Swift 2.38): Swift answers ``/info`` and puts ``x-trans-id`` into every reply;
RGW answers ``/swift/info`` and, to ``/info``, an S3 error. Swift's s3api insists on its ``location`` as the signing
region and names it in the refusal (``AuthorizationHeaderMalformed`` with ``<Region>``); RGW takes any. Neither has
virtual hosts unless configured, so addressing is by path always. Checksums are ``when_required`` always: trailing
checksums of current SDKs break uploads on older releases of both, over https only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from jsobj.ec2_keys.s3_account import get, read_buckets
from jsobj.ec2_keys.server_info import server_info
from jsobj.errors import ClockSkew, ExitCode, JsobjError, KeyRefused, NotObjectStore
from jsobj.net.request import Reply, evidence
from jsobj.net.sigv4 import DEFAULT_REGION, KeyPair
from jsobj.net.xml import error_fields
from jsobj.urls import Origin

SWIFT_PART_LIMIT = 1000  # s3api's own default for max_upload_part_num


@dataclass(frozen=True, slots=True)
class S3Server:
    """What a profile needs for this server. ``server``: ``ceph-rgw``, ``swift`` or ``unknown``.

    ``part_limit`` is the number of parts that a multipart upload may have; ``speaks_s3`` is False for a Swift without
    the S3 API; ``owner`` and ``buckets`` are what a signed request saw ("" and None without a key).
    """

    origin: Origin
    server: str
    region: str = DEFAULT_REGION
    addressing_style: str = "path"
    checksums: str = "when_required"
    part_limit: int = 10_000
    version: str = ""
    speaks_s3: bool = True
    owner: str = ""
    buckets: int | None = None
    request_id: str = ""

    @property
    def server_title(self) -> str:
        """For people."""
        known = {"ceph-rgw": "Ceph RGW", "swift": "OpenStack Swift (s3api)"}
        return " ".join(part for part in (known.get(self.server, "an unknown S3 server"), self.version) if part)


def identify(origin: Origin, *, verify: bool | str = True) -> S3Server:
    """Which server this is, without any key.

    Raises :class:`JsobjError`: network (unreachable, or an answer that no object store gives), not found (a Swift
    without the S3 API).
    """
    found = server_at(origin, verify=verify)
    if not found.speaks_s3:
        sentence = f"{origin} is an OpenStack Swift {found.version} that does not offer the S3 API"
        hint = "use the Swift API: names like swift://container/object"
        raise JsobjError("endpoint-without-s3", sentence, code=ExitCode.NOT_FOUND, hint=hint)
    return found


def server_at(origin: Origin, *, verify: bool | str = True) -> S3Server:
    """As :func:`identify`, also for a Swift without the S3 API."""
    info = get(origin, "/info", verify=verify)
    found = recognise(origin, info, lambda path: get(origin, path, verify=verify))
    if found is None:
        raise _not_object_store(origin, info)
    return found


def recognise(origin: Origin, info: Reply, ask: Callable[[str], Reply]) -> S3Server | None:
    """Which server answers ``/info`` with ``info``; None for no object store. ``ask`` gets another path, where needed.

    This is the only place that decides it. ``ask`` may raise what it likes.
    """
    features = server_info(info) if info.status == 200 else {}
    if (swift := features.get("swift")) is not None:
        version = str(swift.get("version", "")) if isinstance(swift, dict) else ""
        s3api = features.get("s3api")
        limit = s3api.get("max_upload_part_num") if isinstance(s3api, dict) else None
        parts = limit if isinstance(limit, int) else SWIFT_PART_LIMIT
        return S3Server(origin, "swift", part_limit=parts, version=version, speaks_s3=s3api is not None)
    if info.headers.get("x-amz-request-id", "").startswith("tx") and (_code(info) or ask("/swift/info").status == 200):
        return S3Server(origin, "ceph-rgw")
    return S3Server(origin, "unknown") if _code(info) or _code(ask("/")) else None


def probe(origin: Origin, key: KeyPair, *, verify: bool | str = True, region: str = DEFAULT_REGION) -> S3Server:
    """Which server this is and how it wants to be spoken to, proven by a signed ListBuckets.

    Raises :class:`JsobjError`: network, or auth where the server refuses the key.
    """
    server = replace(identify(origin, verify=verify), region=region)
    answer = get(origin, key=key, region=region, verify=verify)
    error = error_fields(answer.body)
    if error.get("Code") == "AuthorizationHeaderMalformed" and (wanted := error.get("Region", "")):
        server = replace(server, region=wanted)
        answer = get(origin, key=key, region=wanted, verify=verify)
    listed = read_buckets(answer)
    if listed is None:
        raise refused(origin, answer, key.access)
    return replace(server, owner=listed.owner, buckets=len(listed.buckets), request_id=answer.request_id)


def refused(origin: Origin, answer: Reply, access: str) -> JsobjError:
    """The error for a signed ListBuckets that was not answered with a list."""
    error = error_fields(answer.body)
    code = error.get("Code", "")
    context = evidence(answer.status, code, error.get("Message", ""), answer.request_id)
    if code in {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"}:
        hint = "if the key is new, wait a minute and try again; otherwise make another: jsobj ec2-creds --new"
        return KeyRefused(f"{origin} refuses the key {access}", context=context, hint=hint)
    if code == "RequestTimeTooSkewed":
        return ClockSkew(
            f"this computer's clock differs too much from {origin}'s ({answer.headers.get('date', 'unknown time')})",
            context=context,
            hint="set the clock: sudo timedatectl set-ntp true",
        )
    if answer.status == 429 or answer.status >= 500:
        sentence = f"{origin} answered {answer.status}"
        return JsobjError("s3-busy", sentence, code=ExitCode.NETWORK, context=context, hint="try again in a minute")
    return _not_object_store(origin, answer)


def _not_object_store(origin: Origin, answer: Reply) -> JsobjError:
    kind = answer.headers.get("content-type", "no content type")
    sentence = f"{origin} answers, but not as an object store"
    hint = "check host and port; a network that wants you to log in through the browser first answers like this too"
    return NotObjectStore(sentence, context=f"HTTP {answer.status}, {kind[:80]}", hint=hint)


def _code(answer: Reply) -> str:
    return error_fields(answer.body).get("Code", "")
