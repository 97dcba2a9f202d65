"""An object through s3fs, the way of xarray, zarr and dask, with only the profile's name where there is one."""

from __future__ import annotations

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed
from jsobj.doctor.child import ask_program


def trip(case: Case) -> Finding:
    """Write, list, read, read a range and delete."""
    scratch, access = case.s3_scratch, case.access
    assert scratch is not None, "needs 'round-trip'"
    assert access is not None, "needs 'profile'"
    path = f"{scratch.name}/{scratch.key('s3fs')}"
    profile = access.profile
    wish = {
        "profile": profile,
        "key": access.key.access,
        "secret": access.key.secret.reveal(),
        "endpoint_url": str(access.origin),
        "region": access.region,
        "verify": access.verify,
        "path": path,
    }
    evidence = {"path": f"s3://{path}", "with": f"profile '{profile}'" if profile else "keys from the environment"}
    with scratch.working():
        answer = ask_program("s3fs_trip", wish)
    if "failed" in answer:
        hint = "variables that beat the profile are in the way, or s3fs is too old: pip install -U s3fs"
        return failed(f"s3fs fails where boto3 works: {answer['failed']}", evidence, hint=hint)
    if not answer["same"] or not answer["listed"]:
        what = "gives other bytes back" if not answer["same"] else "does not list what it wrote"
        return failed(f"s3fs {what}", evidence, hint="pip install -U s3fs")
    return passed(f"s3fs {answer['version']} writes, lists, reads and deletes", evidence)
