"""s3fs-fuse: its password file, and the line for ``/etc/fstab`` or the command that mounts."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Whole
from jsobj.export.logins import S3Login


def configure(s3: S3Login) -> Configuration:
    """A password file of its own, so that other mounts keep theirs."""
    path = f"~/.passwd-s3fs-{s3.name}"
    style = ",use_path_request_style" if s3.path_style else ""
    options = f"passwd_file={path},url={s3.endpoint}{style},endpoint={s3.region}"
    fstab = f"{s3.a_bucket} /MOUNT/POINT fuse.s3fs _netdev,allow_other,{options} 0 0"
    return Configuration(
        (Whole(path, (s3.access, ":", s3.secret, "\n")),),
        f"s3fs {s3.a_bucket} DIR -o {options}",
        f"for /etc/fstab (with the whole path of the password file): {fstab}; "
        f"without any of this: jsobj mount s3://{s3.a_bucket} DIR --backend s3fs",
    )
