"""``jsobj doctor --emit-script``: the stand-alone test for a help desk, with names filled in and no secret."""

from __future__ import annotations

from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.errors import JsobjError
from jsobj.store.access import s3_access

_PROGRAM = Path(__file__).with_name("programs") / "help_desk.py"


def stand_alone(case: Case) -> str:
    """The program's text. Profile, endpoint and region are the present ones where there are any."""
    try:
        access = s3_access(case.settings, profile=case.scope.profile, cloud=case.scope.cloud)
    except JsobjError:  # a broken profile may be the reason for the script
        access = None
    filled = {
        "PROFILE": case.profile_choice().name,
        "ENDPOINT": str(access.origin) if access else "",
        "REGION": access.region if access else "",
        "BUCKET": case.scope.bucket,
    }
    text = _PROGRAM.read_text()
    for name, value in filled.items():
        text = text.replace(f'\n{name} = ""', f"\n{name} = {value!r}", 1)
    return text
