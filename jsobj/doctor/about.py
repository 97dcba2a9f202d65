"""What was examined, for the head of a report: login, addresses, versions. No secret."""

from __future__ import annotations

import contextlib
import platform
from importlib import metadata

from jsobj import __version__
from jsobj.doctor.case import Case
from jsobj.errors import JsobjError
from jsobj.net.md5.streams import engine

# Label -> the package's name in the registry.
_PACKAGES = {"fsspec": "fsspec", "boto3": "boto3", "s3fs": "s3fs", "swiftclient": "python-swiftclient"}


def about(case: Case) -> dict[str, object]:
    """All texts, "" for what is not known; ``versions`` maps packages to theirs."""
    login = case.keystone.login if case.keystone else None
    swift_url = s3_url = ""
    if login is not None:
        with contextlib.suppress(JsobjError):  # a catalogue without object storage, which a check reports
            swift_url, s3_url = login.swift_url, str(login.s3_origin)
    return {
        "cloud": case.source.cloud if case.source else "",
        "keystone": case.source.auth_url if case.source else "",
        "user": login.user.name if login else "",
        "project": login.project.name if login else "",
        "project_id": login.project.id if login else "",
        "region": login.region if login else "",
        "swift_url": swift_url,
        "s3_url": str(case.access.origin) if case.access else s3_url,
        "profile": case.access.profile if case.access else "",
        "system": _system(),
        "python": platform.python_version(),
        "digests": engine(),
        "versions": {"jsobj": __version__, **{label: _version(package) for label, package in _PACKAGES.items()}},
    }


def _system() -> str:
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        name = ""
    return f"{name}, {kernel}" if name else kernel


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
