"""Every mounter, in the order in which they are taken where none is named. One more is a file and a line here."""

from __future__ import annotations

import shutil

from jsobj.errors import ExitCode, JsobjError
from jsobj.mount.mounters.protocol import Mounter, Program
from jsobj.mount.mounters.rclone import Rclone
from jsobj.mount.mounters.s3fs import S3fs

MOUNTERS: tuple[Mounter, ...] = (Rclone(), S3fs())
NAMES = tuple(each.name for each in MOUNTERS)
INSTALL = "pip install 'jsobj[mount]'"


def mounter_of(name: str) -> Mounter:
    """The mounter of that name, as a record has it."""
    return next((each for each in MOUNTERS if each.name == name), MOUNTERS[0])


def choose(name: str, dialect: str, *, write: bool) -> tuple[Mounter, Program]:
    """The mounter that is named, or the first that is here and can do it.

    Raises :class:`JsobjError`: usage where the one that is named does not speak the dialect, local where none is here.
    """
    too_old: list[tuple[Mounter, Program]] = []
    for mounter in MOUNTERS:
        if name not in ("", mounter.name):
            continue
        if dialect not in mounter.dialects:
            if name:
                raise JsobjError(
                    "mounter-without-swift",
                    f"{mounter.title} speaks S3 only, and this is a bucket over Swift's own API",
                    code=ExitCode.USAGE,
                    hint="use the other one: --backend rclone",
                )
            continue
        program = mounter.find()
        if program is None:
            continue
        if not write or mounter.writes(program):
            return mounter, program
        too_old.append((mounter, program))
    raise _too_old(*too_old[0]) if too_old else _missing(name)


def _too_old(mounter: Mounter, program: Program) -> JsobjError:
    least = ".".join(map(str, mounter.good))
    return JsobjError(
        "mounter-too-old",
        f"{program.path} is {mounter.title} {program.version_text}, and writing needs {least} or later",
        code=ExitCode.LOCAL,
        hint=f"{INSTALL} (no root needed), or leave --write out",
    )


def _missing(name: str) -> JsobjError:
    if name == "s3fs":
        return JsobjError(
            "mounter-missing",
            "s3fs-fuse is not installed here",
            code=ExitCode.LOCAL,
            hint="apt-get install s3fs",
        )
    return JsobjError(
        "mounter-missing", "there is no program here that mounts a bucket", code=ExitCode.LOCAL, hint=INSTALL
    )


def fusermount() -> str:
    """The program that mounts and unmounts for those who are not root; "" where there is none."""
    return shutil.which("fusermount3") or shutil.which("fusermount") or ""
