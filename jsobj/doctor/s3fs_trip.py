"""An object through s3fs, the way of xarray, zarr and dask, with only the profile's name where there is one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.values import Finding, failed, passed
from jsobj.doctor.workplace import Workplace

_PROGRAM = Path(__file__).with_name("programs") / "s3fs_trip.py"
SECONDS = 30.0


def trip(case: Case) -> Finding:
    """Write, list, read, read a range and delete."""
    place: Workplace = case.workplace
    access = case.access
    assert access is not None, "needs 'round-trip'"
    path = f"{place.bucket}/{place.key('s3fs')}"
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
    try:
        with place.working():
            ended = subprocess.run(  # noqa: S603 - our own program and interpreter
                [sys.executable, str(_PROGRAM)],
                input=json.dumps(wish) + "\n",
                capture_output=True,
                text=True,
                timeout=SECONDS - 2,
                check=False,
            )
        answer = json.loads(ended.stdout or "{}")
    except (subprocess.TimeoutExpired, ValueError) as error:
        return failed(f"s3fs gave no answer ({type(error).__name__})", evidence, hint="try again")
    if "failed" in answer or not answer:
        said = str(answer.get("failed") or "it ended without a word")
        hint = "variables that beat the profile are in the way, or s3fs is too old: pip install -U s3fs"
        return failed(f"s3fs fails where boto3 works: {said}", evidence, hint=hint)
    if not answer["same"] or not answer["listed"]:
        what = "gives other bytes back" if not answer["same"] else "does not list what it wrote"
        return failed(f"s3fs {what}", evidence, hint="pip install -U s3fs")
    return passed(f"s3fs {answer['version']} writes, lists, reads and deletes", evidence)
