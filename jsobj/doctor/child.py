"""A round trip in a process of its own: one JSON line tells it where, one tells us how it went."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PROGRAMS = Path(__file__).with_name("programs")
SECONDS = 30.0  # of a check that waits for one


def ask_program(name: str, wish: Mapping[str, object]) -> Mapping[str, Any]:
    """Run ``programs/NAME.py``. ``failed`` in the answer says why there is no other."""
    try:
        ended = subprocess.run(  # noqa: S603 - our own program and interpreter
            [sys.executable, str(_PROGRAMS / f"{name}.py")],
            input=json.dumps(wish) + "\n",
            capture_output=True,
            text=True,
            timeout=SECONDS - 2,
            check=False,
        )
        answer = json.loads(ended.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        return {"failed": f"it gave no answer ({type(error).__name__})"}
    assert isinstance(answer, Mapping)
    return answer
