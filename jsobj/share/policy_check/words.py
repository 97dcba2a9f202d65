"""The words of bucket policies that Ceph RGW knows: actions, operators and keys of conditions.

Measured on RGW 16 by setting each; what it does not know it refuses (actions, operators), or takes and never fulfils
(keys of conditions).
"""

from __future__ import annotations

OF_OBJECTS = frozenset(
    [
        "AbortMultipartUpload",
        "BypassGovernanceRetention",
        "DeleteObject",
        "DeleteObjectTagging",
        "DeleteObjectVersion",
        "DeleteObjectVersionTagging",
        "GetObject",
        "GetObjectAcl",
        "GetObjectLegalHold",
        "GetObjectRetention",
        "GetObjectTagging",
        "GetObjectTorrent",
        "GetObjectVersion",
        "GetObjectVersionAcl",
        "GetObjectVersionTagging",
        "GetObjectVersionTorrent",
        "ListMultipartUploadParts",
        "PutObject",
        "PutObjectAcl",
        "PutObjectLegalHold",
        "PutObjectRetention",
        "PutObjectTagging",
        "PutObjectVersionAcl",
        "PutObjectVersionTagging",
        "RestoreObject",
    ]
)
OF_BUCKETS = frozenset(
    [
        "CreateBucket",
        "DeleteBucket",
        "DeleteBucketPolicy",
        "DeleteBucketPublicAccessBlock",
        "DeleteBucketWebsite",
        "DeletePublicAccessBlock",
        "DeleteReplicationConfiguration",
        "GetAccelerateConfiguration",
        "GetBucketAcl",
        "GetBucketCORS",
        "GetBucketLocation",
        "GetBucketLogging",
        "GetBucketNotification",
        "GetBucketObjectLockConfiguration",
        "GetBucketPolicy",
        "GetBucketPolicyStatus",
        "GetBucketPublicAccessBlock",
        "GetBucketRequestPayment",
        "GetBucketTagging",
        "GetBucketVersioning",
        "GetBucketWebsite",
        "GetLifecycleConfiguration",
        "GetPublicAccessBlock",
        "GetReplicationConfiguration",
        "ListAllMyBuckets",
        "ListBucket",
        "ListBucketMultipartUploads",
        "ListBucketVersions",
        "PutAccelerateConfiguration",
        "PutBucketAcl",
        "PutBucketCORS",
        "PutBucketLogging",
        "PutBucketNotification",
        "PutBucketObjectLockConfiguration",
        "PutBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketRequestPayment",
        "PutBucketTagging",
        "PutBucketVersioning",
        "PutBucketWebsite",
        "PutLifecycleConfiguration",
        "PutPublicAccessBlock",
        "PutReplicationConfiguration",
    ]
)
LISTS = frozenset({"ListBucket", "ListBucketVersions", "ListBucketMultipartUploads"})
# Names of requests, and actions of Amazon's, that people write for these.
OTHER_NAMES = {
    "listobjects": "ListBucket",
    "listobjectsv2": "ListBucket",
    "headbucket": "ListBucket",
    "headobject": "GetObject",
    "copyobject": "GetObject",
    "deleteobjects": "DeleteObject",
    "uploadpart": "PutObject",
    "createmultipartupload": "PutObject",
    "listparts": "ListMultipartUploadParts",
    "listbuckets": "ListAllMyBuckets",
}

_COMPARED = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_STRINGS = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
OPERATORS = frozenset(
    (
        *(f"String{each}" for each in _STRINGS),
        *(f"{kind}{each}" for kind in ("Numeric", "Date") for each in _COMPARED),
        *("Bool", "IpAddress", "NotIpAddress", "Null", "BinaryEquals"),
        *("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"),
    )
)
NEVER_MET = ("Arn", "Binary")  # operators that are taken and do nothing

KEYS = frozenset(
    [
        "aws:CurrentTime",
        "aws:EpochTime",
        "aws:PrincipalType",
        "aws:Referer",
        "aws:SecureTransport",
        "aws:SourceIp",
        "aws:UserAgent",
        "aws:username",
        "rgw:subuser",
        "sts:authentication",
        "s3:prefix",
        "s3:delimiter",
        "s3:max-keys",
        "s3:x-amz-acl",
        "s3:x-amz-copy-source",
        "s3:x-amz-metadata-directive",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-grant-read",
        "s3:x-amz-grant-write",
        "s3:x-amz-grant-read-acp",
        "s3:x-amz-grant-write-acp",
        "s3:x-amz-grant-full-control",
        "s3:LocationConstraint",
    ]
)
TAG_KEYS = ("s3:ExistingObjectTag/", "s3:RequestObjectTag/", "s3:ResourceTag/")
OF_LISTS = frozenset({"s3:prefix", "s3:delimiter", "s3:max-keys"})
