"""Environment variables of AWS SDKs, and exports that are nothing but variables in the syntax of one shell."""

from __future__ import annotations

from collections.abc import Callable

from jsobj.export import os_variables
from jsobj.export.configuration import Configuration, Variables, Word
from jsobj.export.logins import S3Login, SwiftLogin


def keys(s3: S3Login) -> dict[str, Word]:
    """The key itself."""
    return {"AWS_ACCESS_KEY_ID": s3.access, "AWS_SECRET_ACCESS_KEY": s3.secret}


def settings(s3: S3Login) -> dict[str, Word]:
    """Endpoint, region and checksums: nothing secret. The region has two names: SDKs differ in which they read."""
    values: dict[str, Word] = {
        "AWS_ENDPOINT_URL": str(s3.endpoint),
        "AWS_REGION": s3.region,
        "AWS_DEFAULT_REGION": s3.region,
        "AWS_REQUEST_CHECKSUM_CALCULATION": s3.checksums.upper(),
        "AWS_RESPONSE_CHECKSUM_VALIDATION": s3.checksums.upper(),
    }
    return values | ({"AWS_CA_BUNDLE": s3.ca_bundle} if s3.ca_bundle else {})


def everything(s3: S3Login) -> dict[str, Word]:
    """Key and settings."""
    return {**keys(s3), **settings(s3)}


def exporters(
    style: str, example: str, swift_example: str, swift_note: str = ""
) -> tuple[Callable[[S3Login], Configuration], Callable[[SwiftLogin], Configuration]]:
    """``configure`` and ``configure_swift`` of a tool that reads variables: those of AWS SDKs, and those of OpenStack's
    programs and jsobj, with what another login left unset. ``style`` as in :class:`Variables`.
    """

    def configure(s3: S3Login) -> Configuration:
        return Configuration((Variables("", everything(s3), style),), example)

    def configure_swift(swift: SwiftLogin) -> Configuration:
        return Configuration((os_variables.for_shell(swift, style),), swift_example, swift_note)

    return configure, configure_swift
