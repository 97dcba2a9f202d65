"""An object through fsspec, as pandas, xarray, zarr and dask read it: over S3 by s3fs, over Swift by our filesystem.

Each in a process of its own, which finds login and profile by name, like a user's program.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsobj.doctor.case import Case, needed
from jsobj.doctor.check import Finding, failed, passed, warned
from jsobj.doctor.checks.scratch_bucket import ScratchBucket

SECONDS = 30.0  # of each check
_PROGRAM = Path(__file__).parents[1] / "programs" / "fsspec_trip.py"
_OURS = "jsobj"  # the package whose filesystem is to answer
_AGAIN = "install jsobj again in this Python: python -m pip install --force-reinstall jsobj"
_CHECKSUMS = dict.fromkeys(("request_checksum_calculation", "response_checksum_validation"), "when_required")


def s3(case: Case) -> Finding:
    """Write, list, read, read a range and delete with s3fs; with only the profile's name where there is one."""
    scratch, access = case.scratch["s3"], needed(case.access)
    options: dict[str, object] = {"use_listings_cache": False, "skip_instance_cache": True}
    if access.profile:
        options["profile"] = access.profile
    else:
        options |= {"key": access.key.access, "secret": access.key.secret.reveal(), "endpoint_url": str(access.origin)}
        options["client_kwargs"] = {"region_name": access.region, "verify": access.verify}
        options["config_kwargs"] = {"s3": {"addressing_style": "path"}, **_CHECKSUMS}
    path = f"{scratch.name}/{scratch.key('s3fs')}"
    answer = _run(scratch, "s3", path, options)
    with_what = f"profile '{access.profile}'" if access.profile else "keys from the environment"
    evidence = {"path": f"s3://{path}", "with": with_what}
    if "failed" in answer:
        hint = "variables that override the profile are in the way, or s3fs is too old: pip install -U s3fs"
        return failed(f"s3fs fails where boto3 works: {answer['failed']}", evidence, hint=hint)
    if wrong := _wrong(answer):
        return failed(f"s3fs {wrong}", evidence, hint="pip install -U s3fs")
    return passed(f"s3fs {answer['version']} writes, lists, reads and deletes", evidence)


def swift(case: Case) -> Finding:
    """The same at ``swift://``, and whose filesystem that is. The program gets the cloud's name and no secret."""
    scratch, source = case.scratch["swift"], needed(case.source)
    path = f"{scratch.name}/{scratch.key('fsspec')}"
    answer = _run(scratch, "swift", path, {"cloud": source.cloud} if source.cloud else {})
    owner = str(answer.get("owner", ""))
    with_what = f"cloud '{source.cloud}'" if source.cloud else source.where
    evidence = {"path": f"swift://{path}", "with": with_what, "swift:// belongs to": owner or "no package"}
    if "failed" in answer:
        hint = f"see whether jsobj itself can: jsobj ls swift://{scratch.name}" if owner else _AGAIN
        return failed(f"fsspec fails where swiftclient works: {answer['failed']}", evidence, hint=hint)
    if wrong := _wrong(answer):
        return failed(f"fsspec's filesystem for swift:// {wrong}", evidence, hint=_AGAIN)
    if owner != _OURS:
        sentence = f"swift:// is answered by the package {owner}, which knows nothing of jsobj's logins"
        hint = f"write jsobj+swift:// instead of swift://, or: python -m pip uninstall {owner}"
        return warned(sentence, evidence, hint=hint)
    losers = [name for name in answer["claimed"] if name != owner]
    note = f", where {owner} comes before {', '.join(losers)}" if losers else ""
    return passed(f"fsspec {answer['version']} writes, lists, reads and deletes at swift://{note}", evidence)


def _run(scratch: ScratchBucket, protocol: str, path: str, options: Mapping[str, object]) -> Mapping[str, Any]:
    """What the program answers: one JSON line in, one out. ``failed`` in it says why there is no other."""
    request = {"protocol": protocol, "path": path, "options": options}
    try:
        with scratch.working():
            ended = subprocess.run(  # noqa: S603 - our own program and interpreter
                [sys.executable, str(_PROGRAM)],
                input=json.dumps(request) + "\n",
                capture_output=True,
                text=True,
                timeout=SECONDS - 2,
                check=False,
            )
        answer: Mapping[str, Any] = json.loads(ended.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        return {"failed": f"it gave no answer ({type(error).__name__})"}
    return answer


def _wrong(answer: Mapping[str, Any]) -> str:
    if not answer["same"]:
        return "gives other bytes back"
    return "" if answer["listed"] and answer["gone"] else "does not list what was written or deleted"
