"""What a snippet is about: a URL, and the way to it."""

from __future__ import annotations

from dataclasses import dataclass

from jsobj.urls import Origin


@dataclass(frozen=True, slots=True)
class Target:
    """``profile`` is "" where the data are public (``public``), or where keys come from ``AWS_*`` variables.

    ``account``: the URL of a Swift account that takes the endpoint's place, "" elsewhere. Swift's S3 API answers nobody
    without a key, but objects of a public container are found below the account's URL as S3 in path style wants them
    (listings are not).
    """

    bucket: str
    key: str
    endpoint: Origin
    region: str
    profile: str = ""
    public: bool = False
    ca_bundle: str = ""
    account: str = ""

    @property
    def url(self) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}".rstrip("/")

    @property
    def endpoint_url(self) -> str:
        """What libraries are given as the endpoint."""
        return self.account or str(self.endpoint)

    @property
    def http(self) -> bool:
        """Whether the endpoint is not encrypted, which some libraries must be told."""
        return self.endpoint.scheme != "https"

    def quoted(self, suffix: str = "") -> str:
        """The URL as Python writes it."""
        return repr_of(self.url + suffix)


def repr_of(text: str) -> str:
    """A text as Python code, in double quotes where that needs no escapes."""
    return f'"{text}"' if text.isprintable() and not set(text) & {'"', "\\"} else repr(text)


def storage_options(target: Target) -> str:
    """The ``storage_options`` of s3fs, as code.

    A profile written by jsobj holds endpoint, region and checksums, and s3fs reads them there; public data and keys in
    variables need them said.
    """
    if target.profile:
        return f'{{"profile": {repr_of(target.profile)}}}'
    words = ['"anon": True'] if target.public else []
    words.append(f'"endpoint_url": {repr_of(target.endpoint_url)}')
    inner = [f'"region_name": {repr_of(target.region)}']
    if target.ca_bundle:
        inner.append(f'"verify": {repr_of(target.ca_bundle)}')
    words.append(f'"client_kwargs": {{{", ".join(inner)}}}')
    if not target.public:
        when = '"when_required"'
        checks = f'"request_checksum_calculation": {when}, "response_checksum_validation": {when}'
        words.append(f'"config_kwargs": {{{checks}}}')
    body = "".join(f"    {word},\n" for word in words)
    return f"{{\n{body}}}"


def with_options(target: Target, *imports: str) -> str:
    """Imports, then ``options = ...``: how most snippets begin."""
    return "\n".join(imports) + f"\n\noptions = {storage_options(target)}\n"


def session(target: Target) -> str:
    """A boto3 session, as code."""
    return f"boto3.Session(profile_name={repr_of(target.profile)})" if target.profile else "boto3.Session()"
