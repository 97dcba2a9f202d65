"""The table of errors: data only, read through :mod:`jsobj.doctor.causes`.

Sources: the S3 API's error codes, Keystone's and botocore's own texts, and the reports of users of Ceph and Swift
clouds. ``marks`` are texts (small letters) by which a longer message is recognised; ``check`` is an id of the registry.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """One error: what it means on Ceph RGW, on OpenStack Swift, which check looks for it, what to do."""

    code: str
    ceph: str
    swift: str
    check: str
    hint: str
    marks: tuple[str, ...] = ()


_CLOCK = "set the clock: sudo timedatectl set-ntp true"
_SAME = "The same."
_NOT_THERE = "Not from the object store: it comes before anything reaches it."
_KEYSTONE = "From Keystone, whatever the object store is."

CAUSES: tuple[Cause, ...] = (
    Cause(
        "SignatureDoesNotMatch",
        "The secret is wrong, the endpoint carries a path such as /swift/v1, the style is virtual-host, a proxy "
        "changes the Host header, or the ':' of a tenant's bucket was not encoded.",
        "Every refusal by Keystone reads like this: unknown or deleted key, wrong secret, wrong project. After an "
        "upgrade of Keystone alone it hits every key, until Swift's s3token has a service login.",
        "s3-signature",
        "make the profile anew: jsobj ec2-creds",
        ("signature does not match", "signature we calculated does not match"),
    ),
    Cause(
        "InvalidAccessKeyId",
        "The key is unknown: deleted, mistyped, of another cloud; or Keystone was busy (429) at that moment.",
        "Never said by Swift; if you see it, the request went to another server, perhaps to Amazon.",
        "ec2-key",
        "if the key is new, wait a minute; otherwise: jsobj ec2-creds --new",
        ("access key id you provided does not exist",),
    ),
    Cause(
        "AccessDenied",
        "The bucket is another project's, the role is not one of 'rgw keystone accepted roles', an ACL or policy "
        "forbids it, or the address was presigned and is over.",
        "The role is not an operator role of this Swift, or a container ACL is missing.",
        "role",
        "jsobj whoami shows project and roles; ask the project's manager for the role 'member'",
        ("access denied", "403 forbidden", "not authorized to perform the requested action"),
    ),
    Cause(
        "AuthorizationHeaderMalformed",
        "Rare: RGW takes any region.",
        "The signing region must be the server's 'location'; the answer names it.",
        "s3-signature",
        "jsobj doctor --fix writes the region that the server names; so does jsobj ec2-creds",
        ("authorization header is malformed", "the region '"),
    ),
    Cause(
        "RequestTimeTooSkewed",
        "This computer's clock is more than 15 minutes wrong, or a single request took longer than that.",
        "The same; older releases refuse at 5 minutes.",
        "clock",
        _CLOCK,
        ("request time and the current time is too large", "clock skew"),
    ),
    Cause(
        "RequestExpired",
        "A presigned address is over, or the clock is wrong.",
        _SAME,
        "clock",
        _CLOCK,
        ("has expired",),
    ),
    Cause(
        "XAmzContentSHA256Mismatch",
        "Current SDKs send checksums in a trailer (over https) that older Ceph releases do not understand.",
        "Older Swift answers NotImplemented to the same.",
        "checksums",
        "jsobj doctor --fix sets request_checksum_calculation = when_required",
    ),
    Cause(
        "MissingContentLength",
        "Current SDKs send uploads in chunks with a trailing checksum, which older releases refuse (also as HTTP 411).",
        _SAME,
        "checksums",
        "jsobj doctor --fix sets request_checksum_calculation = when_required",
        ("411 length required",),
    ),
    Cause(
        "NotImplemented",
        "This release lacks the operation.",
        "Chunked uploads (aws-chunked) before 2.36; lifecycle, policies, tagging and CORS at all times.",
        "checksums",
        "for uploads, jsobj doctor --fix; for lifecycle and policies use the Swift API or another cloud",
        ("aws-chunked is not supported", "transfering payloads in multiple chunks"),
    ),
    Cause(
        "MissingContentMD5",
        "DeleteObjects of current SDKs sends no Content-MD5, which older releases demand.",
        _SAME,
        "round-trip",
        "delete objects one by one, as jsobj bucket delete --recursive does",
    ),
    Cause(
        "InvalidLocationConstraint",
        "A region was sent while creating a bucket (aws s3 mb --region, rclone, s3cmd) that is not the zone group's.",
        "The region sent is not the server's 'location'.",
        "round-trip",
        "create without one: jsobj bucket create NAME",
        ("location-constraint is not valid",),
    ),
    Cause(
        "BucketAlreadyExists",
        "Names are shared by all projects of the cloud, and another one has it.",
        "Not seen: names are per project.",
        "round-trip",
        "another name: jsobj bucket create NAME --unique",
        ("bucket name is not available", "name-taken"),
    ),
    Cause(
        "NoSuchBucket",
        "No such bucket in this project; or the endpoint carries a path, whose first word was taken for a bucket.",
        _SAME,
        "aws-endpoint",
        "jsobj bucket list shows what there is; jsobj endpoint corrects the address",
        ("specified bucket does not exist",),
    ),
    Cause(
        "NoSuchKey",
        "No object of that name.",
        _SAME,
        "round-trip",
        "names are case sensitive; list them",
        ("key does not exist",),
    ),
    Cause(
        "NoSuchUpload",
        "The multipart upload was finished or aborted, or never was.",
        _SAME,
        "uploads",
        "start the upload again",
        ("upload id may be invalid",),
    ),
    Cause(
        "InvalidBucketName",
        "3 to 63 small letters, digits, '-' and '.'; a ':' (another tenant's bucket) is refused by boto3 itself.",
        "The same; '_' and capitals are refused through S3 and allowed through Swift.",
        "round-trip",
        "jsobj bucket create says which rule is broken",
        ("invalid bucket name", "bucket name must match the regex"),
    ),
    Cause(
        "QuotaExceeded",
        "The user's, the bucket's or the project's quota is used up.",
        "Swift says 413 instead.",
        "quota",
        "delete something, or ask for more",
        ("413 request entity too large", "upload exceeds quota", "quota"),
    ),
    Cause(
        "TooManyBuckets",
        "The project has as many buckets as allowed.",
        "Not seen.",
        "quota",
        "delete one, or ask for more",
    ),
    Cause(
        "EntityTooSmall",
        "A part other than the last is smaller than 5 MiB.",
        _SAME,
        "round-trip",
        "use larger parts",
        ("smaller than the minimum allowed",),
    ),
    Cause(
        "InvalidArgument",
        "A setting that this release does not know.",
        "Also: more than 1000 parts in one upload; boto3's 8 MiB parts end at about 7.8 GiB.",
        "s3-server",
        "use larger parts: multipart_chunksize in the profile's s3 block",
        ("part number must be an integer between 1 and",),
    ),
    Cause(
        "SlowDown",
        "The server limits the rate.",
        "The ratelimit filter answers 498 or 503.",
        "s3-server",
        "fewer at a time",
        ("503 slow down", "reduce your request rate", "too many requests"),
    ),
    Cause(
        "405",
        "The endpoint carries /swift/v1, so that S3 requests reach the Swift API.",
        "The method is not allowed on that address.",
        "aws-endpoint",
        "jsobj doctor --fix writes the bare origin; jsobj endpoint URL shows it",
        ("method not allowed", "methodnotallowed"),
    ),
    Cause(
        "Using method 'application_credential' is not allowed for managing additional application credentials",
        _KEYSTONE + " Since April 2026 (OSSA-2026-005) a restricted application credential makes no EC2 keys.",
        _SAME,
        "role",
        "make keys as yourself: jsobj ec2-creds --login-as USER; or do without: jsobj help keyless",
        ("managing additional application credentials", "ec2-needs-unrestricted"),
    ),
    Cause(
        "Delegated tokens cannot access credentials directly",
        _KEYSTONE + " Version 30 and newer let no application credential make, list or delete EC2 keys.",
        _SAME,
        "ec2-key",
        "make keys as yourself: jsobj ec2-creds --login-as USER; or do without: jsobj help keyless",
        ("delegated tokens cannot access", "ec2-needs-full-login"),
    ),
    Cause(
        "EC2 credential project does not match the project scope of the delegated token",
        _KEYSTONE + " An application credential makes keys for its own project only.",
        _SAME,
        "project",
        "log in with a credential of the project that you mean",
        ("does not match the project scope",),
    ),
    Cause(
        "Application credentials cannot request a scope",
        _KEYSTONE + " Leftover OS_PROJECT_* variables beside an application credential.",
        _SAME,
        "env-openstack",
        "open a fresh terminal; jsobj doctor env-openstack names the variables",
        ("cannot request a scope",),
    ),
    Cause(
        "The request you have made requires authentication",
        _KEYSTONE
        + " Wrong password or secret; or the application credential has expired (Horizon's default is short), "
        "was deleted, or its user lost a role; or leftover OS_* variables; or a missing domain.",
        _SAME,
        "token",
        "jsobj doctor token; a new credential from the portal: jsobj login RCFILE --overwrite",
        ("requires authentication", "http 401", "401 unauthorized"),
    ),
    Cause(
        "Unable to create additional credentials, maximum exceeded",
        _KEYSTONE + " The user has as many EC2 keys as the cloud allows.",
        _SAME,
        "ec2-unused",
        "jsobj ec2-creds list, then jsobj ec2-creds delete ACCESS",
        ("unable to create additional credentials",),
    ),
    Cause(
        "ExpiredToken",
        "aws_session_token is set in the profile or the environment; OpenStack's keys have none.",
        _SAME,
        "aws-logins",
        "remove aws_session_token, unset AWS_SESSION_TOKEN",
        ("security token included in the request", "invalidtoken"),
    ),
    Cause(
        "NoCredentialsError",
        "No key: no profile of that name, or the section in ~/.aws/config lacks 'profile '; or there is none, "
        "and this login has only the Swift API.",
        _SAME,
        "profile",
        "with keys: name the profile with AWS_PROFILE; without: write swift:// names, see jsobj help keyless",
        ("unable to locate credentials", "no-s3-keys"),
    ),
    Cause(
        "ProfileNotFound",
        "AWS_PROFILE names a profile that is in neither file, or its section lacks 'profile '.",
        _SAME,
        "aws-sections",
        "jsobj doctor aws-sections; or unset AWS_PROFILE and do without keys: jsobj help keyless",
        ("config profile", "could not be found"),
    ),
    Cause(
        "EndpointConnectionError",
        _NOT_THERE + " The host or port is wrong, the service is down, a firewall drops it, or a proxy is needed.",
        _SAME,
        "s3-tcp",
        "jsobj doctor network",
        ("could not connect to the endpoint url", "connection refused", "connect timeout", "no route to host"),
    ),
    Cause(
        "SSLError",
        _NOT_THERE + " The certificate is expired, self-signed, or for another name; or plain http is spoken there.",
        _SAME,
        "s3-tls",
        "jsobj doctor network shows the issuer; a private authority: AWS_CA_BUNDLE=/path/to/ca.pem",
        ("certificate verify failed", "sslcertverificationerror", "ssl validation failed", "wrong_version_number"),
    ),
    Cause(
        "ProxyConnectionError",
        _NOT_THERE + " HTTPS_PROXY names a proxy that does not answer or does not let this host through.",
        _SAME,
        "proxy",
        "correct HTTPS_PROXY, or set NO_PROXY for this host",
        ("failed to connect to proxy", "tunnel connection failed", "407 proxy"),
    ),
    Cause(
        "Name or service not known",
        _NOT_THERE + " A typing error in the host; or a virtual-host address (bucket.host) without wildcard DNS.",
        _SAME,
        "s3-dns",
        "write addressing_style = path; jsobj ec2-creds does",
        (
            "nodename nor servname",
            "failed to resolve",
            "temporary failure in name resolution",
            "could not resolve host",
        ),
    ),
    Cause(
        "ConfigParseError",
        _NOT_THERE + " A duplicate section or key, a junk line or a byte order mark: botocore refuses the whole file.",
        _SAME,
        "aws-files",
        "jsobj doctor aws-files names the line",
        ("unable to parse config file", "duplicatesectionerror", "duplicateoptionerror"),
    ),
    Cause(
        "Transport endpoint is not connected",
        _NOT_THERE + " The process behind a mount has died.",
        _SAME,
        "s3-server",
        "fusermount3 -u DIR, and mount again; close programs that use DIR first",
        ("target is busy", "device or resource busy"),
    ),
    Cause(
        "Array of zeros or NaN",
        "A chunk was denied or the network failed, and zarr took it for a chunk that was never written.",
        _SAME,
        "round-trip",
        "read a chunk by itself and see the error; anonymous reading needs the objects to be public",
        ("all nan", "fill_value"),
    ),
    Cause(
        "New object not listed",
        "s3fs keeps listings; the object is there.",
        _SAME,
        "s3fs",
        "fs.invalidate_cache(), or S3FileSystem(use_listings_cache=False)",
        ("filenotfounderror", "not listed"),
    ),
)
