"""What a bucket is told is kept by one side of a server: its S3 documents, or the headers of its container.

Measured. Ceph RGW 16 has one set of CORS rules for both URLs. The headers of a container replace all of it by one rule,
which they cannot take away again (``X-Remove-...`` is ignored, an empty value is 400), so it is kept over S3 there.
Swift has headers only: its S3 API knows neither CORS nor lifecycle, and its S3 URL answers no page of another origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from jsobj.errors import ExitCode, JsobjError
from jsobj.housekeeping.cors import SWIFT_START, CorsRule, from_s3, from_swift, to_s3, to_swift
from jsobj.store.s3.bucket_documents import CORS

if TYPE_CHECKING:
    from jsobj.store.s3.bucket_documents import BucketDocuments
    from jsobj.store.swift.container_acl import ContainerAcls


class CorsKeeper(Protocol):
    """Reads and replaces the rules of one bucket. Raises :class:`JsobjError` as a store does."""

    @property
    def mechanism(self) -> str:
        """``s3`` for a document of the bucket's, ``headers`` for the container's."""

    def read(self) -> tuple[CorsRule, ...]:
        """The rules that there are."""

    def write(self, rules: Sequence[CorsRule]) -> None:
        """Replace all of them."""


@dataclass(frozen=True, slots=True)
class S3Cors:
    """The bucket's CORS document."""

    documents: BucketDocuments
    bucket: str
    mechanism: str = "s3"

    def read(self) -> tuple[CorsRule, ...]:
        """The rules that there are."""
        return from_s3(self.documents.document(self.bucket, CORS))

    def write(self, rules: Sequence[CorsRule]) -> None:
        """Replace all of them."""
        self.documents.put_document(self.bucket, CORS, to_s3(rules))


@dataclass(frozen=True, slots=True)
class SwiftCors:
    """The headers of the container."""

    containers: ContainerAcls
    bucket: str
    mechanism: str = "headers"

    def read(self) -> tuple[CorsRule, ...]:
        """The rules that there are."""
        return from_swift(self.containers.metadata(self.bucket, SWIFT_START))

    def write(self, rules: Sequence[CorsRule]) -> None:
        """Replace all of them."""
        self.containers.set_metadata(self.bucket, to_swift(rules))


def cors_keeper(
    server: str, bucket: str, documents: BucketDocuments | None, containers: ContainerAcls | None, *, at: str = ""
) -> CorsKeeper:
    """Where the rules are kept on this server. ``at``: the options that choose the login, for hints.

    Raises :class:`JsobjError`: auth where the server wants a login, or keys, that are not there.
    """
    if server != "swift" and documents is not None:
        return S3Cors(documents, bucket)
    if server == "swift" and containers is not None:
        return SwiftCors(containers, bucket)
    if server == "swift":
        raise JsobjError(
            "rules-need-login",
            f"container '{bucket}' is on a Swift, where only a login may set this",
            code=ExitCode.AUTH,
            hint="log in first: jsobj login RCFILE",
        )
    raise needs_keys(bucket, "rules about web pages", at)


def needs_keys(bucket: str, what: str, at: str) -> JsobjError:
    """The error where only S3 keys can set something."""
    return JsobjError(
        "rules-need-keys",
        f"this server takes {what} of '{bucket}' over S3 only, and there are no S3 keys",
        code=ExitCode.AUTH,
        hint=f"make them: jsobj ec2-creds{at}",
    )
