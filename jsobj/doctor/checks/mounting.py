"""What mounting a bucket needs of this machine, and mounts that are dead or have something left to send."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, passed, skipped, warned
from jsobj.mount.begin import FUSE
from jsobj.mount.mounters.registry import INSTALL, MOUNTERS, fusermount
from jsobj.mount.namespace import private
from jsobj.mount.state import states

_CONFIGURATION = Path("/etc/fuse.conf")
_ALLOW_OTHER = "user_allow_other"


def fuse(case: Case) -> Finding:
    """This user may mount."""
    if not FUSE.exists():
        return skipped(f"this machine has no FUSE ({FUSE}): nothing can be mounted here")
    evidence = {
        "device": f"{FUSE}, mode {FUSE.stat().st_mode & 0o777:04o}",
        "helper": fusermount() or "none",
        _ALLOW_OTHER: "set: others may be let into a mount"
        if _allows_others()
        else "not set: mounts are for their user",
        "namespaces": private().why_not or "jsobj mount --run is seen by nobody else",
    }
    if not os.access(FUSE, os.R_OK | os.W_OK):
        hint = "ask who runs the machine for: apt-get install fuse3, or chmod 0666 /dev/fuse"
        return _of_mounts(case, f"you may not use {FUSE}, so nothing can be mounted", evidence, hint)
    if not fusermount():
        return _of_mounts(case, "FUSE's helper fusermount3 is missing", evidence, "apt-get install fuse3")
    return passed("this user may mount", evidence)


def _of_mounts(case: Case, sentence: str, evidence: Mapping[str, str], hint: str) -> Finding:
    """What is wrong for whoever mounts; for others it is no fault of their setup."""
    if any(each.mount for each in states(case.settings)):
        return warned(sentence, evidence, hint=hint)
    return skipped(f"{sentence}; it matters for jsobj mount, which you have not used", hint=hint)


def _allows_others() -> bool:
    try:
        lines = _CONFIGURATION.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.strip() == _ALLOW_OTHER for line in lines)


def mounters(case: Case) -> Finding:
    """The programs that mount have no faults that are known."""
    found = [(each, program) for each in MOUNTERS if (program := each.find()) is not None]
    if not found:
        return skipped("no program that mounts a bucket is installed", hint=INSTALL)
    evidence = {each.title: f"{program.version_text}, {program.path}" for each, program in found}
    for each, program in found:
        if not each.writes(program):
            least = ".".join(map(str, each.good))
            sentence = f"{each.title} {program.version_text} is older than {least}: {each.faults}"
            hint = INSTALL if each.name == "rclone" else f"apt-get install {each.package}, from a newer release"
            return _of_mounts(case, sentence, evidence, hint)
    return passed(", ".join(f"{each.title} {program.version_text}" for each, program in found), evidence)


def stale(case: Case) -> Finding:
    """No mount of an object store is dead or does not answer: of ours, and of others' below the home folder."""
    found = states(case.settings)
    evidence = {each.folder: f"{each.words}, {each.there.kind}" for each in found if each.there}
    near = [
        each for each in found if each.there and (each.mount or each.there.folder.is_relative_to(case.settings.home))
    ]
    sick = [each for each in near if each.words in ("stale", "slow", "faulty")]
    if sick:
        first = sick[0]
        hint = "jsobj mounts --repair" if first.sick else "see what holds it up: jsobj mounts"
        return warned(f"{first.folder} is {first.words}: programs that look there fail or hang", evidence, hint=hint)
    return passed(f"{len(near)} mount(s) answer" if near else "no object store is mounted by you", evidence)


def waiting(case: Case) -> Finding:
    """Nothing that was written waits in the cache of a mount that is gone, or that cannot send it."""
    left = [each for each in states(case.settings) if each.sick and each.waiting]
    if left:
        evidence = {f"{each.folder}: {file.name}"[:200]: f"{file.size} bytes" for each in left for file in each.waiting}
        count = sum(len(each.waiting) for each in left)
        sentence = f"{count} file(s) that were written wait in the cache of a mount that is gone or cannot send them"
        return warned(sentence, dict(list(evidence.items())[:10]), hint="jsobj mounts --repair")
    return passed("nothing waits in the cache of a mount that is gone or cannot send it")
