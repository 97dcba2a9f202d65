"""s3cmd: its one file, in which ``host_bucket`` equal to ``host_base`` means path style."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Section, Word
from jsobj.export.logins import S3Login

PATH = "~/.s3cfg"


def configure(s3: S3Login) -> Configuration:
    """The section ``default``, which is the only one that s3cmd reads."""
    host = s3.endpoint.netloc
    values: dict[str, Word] = {
        "access_key": s3.access,
        "secret_key": s3.secret,
        "host_base": host,
        "host_bucket": host if s3.path_style else f"%(bucket)s.{host}",
        "bucket_location": s3.region,
        "use_https": "True" if s3.endpoint.scheme == "https" else "False",
        "signature_v2": "False",
    }
    if s3.ca_bundle:
        values["ca_certs_file"] = s3.ca_bundle
    return Configuration(
        (Section(PATH, "default", values, ("access_key", "host_base")),),
        "s3cmd ls",
        "s3cmd has one file for one account: for another, --file ~/.s3cfg-NAME, then s3cmd -c ~/.s3cfg-NAME",
    )
