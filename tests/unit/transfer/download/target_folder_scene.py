"""What the tests of the landing share: the target folder, and a few ways to put files into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import jsobj
from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import FileSink
from jsobj.transfer.download.partial_file import PartialFile
from jsobj.transfer.download.target_folder import TargetFolder

ROOT = Path(jsobj.__file__).parents[1]
BIG = 2 * 1024 * 1024


def land(landing: TargetFolder, name: str, data: bytes = b"data", moment: str = "") -> None:
    temp = filled(landing, name, data)
    temp.commit(moment)


def filled(landing: TargetFolder, name: str, data: bytes) -> PartialFile:
    temp = landing.open_temp(tuple(name.split("/")), len(data))
    FileSink(temp.descriptor).write(memoryview(data), 0)
    return temp


def refused(landing: TargetFolder, name: str, size: int = 4) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        landing.open_temp(tuple(name.split("/")), size)
    assert caught.value.code is ExitCode.LOCAL
    assert name.split("/")[0] in caught.value.message
    assert caught.value.hint
    return caught.value


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))
