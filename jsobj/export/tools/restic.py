"""restic: a repository in a bucket."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables
from jsobj.export.logins import S3Login
from jsobj.export.variables import keys


def configure(s3: S3Login) -> Configuration:
    """Variables; the repository's own password is restic's to ask for."""
    place = f"s3:{s3.endpoint}/{s3.a_bucket}/restic"
    values = {"RESTIC_REPOSITORY": place, **keys(s3), "AWS_DEFAULT_REGION": s3.region}
    style = "path" if s3.path_style else "dns"
    # Plain http makes restic sign bodies in chunks, which neither server takes (measured with RGW 16 and Swift 2.38).
    notes = ["https only: over plain http Ceph RGW and Swift refuse what restic sends"]
    notes += [] if s3.bucket else ["name the bucket with --bucket"]
    if s3.ca_bundle:
        notes.append(f"certificates: add --cacert {s3.ca_bundle}")
    return Configuration((Variables("", values),), f"restic -o s3.bucket-lookup={style} init", "; ".join(notes))
