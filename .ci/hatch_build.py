"""What the build adds to the Python files: the compiled half of the MD5 engine, where there is a C compiler.

Without one, or where it fails, nothing is added and nothing fails: jsobj then takes hashlib's MD5. A wheel that holds
the helper is one for this system (``py3-none-linux_x86_64``), others are for all. An editable install has it beside its
source, as it was when it was installed: after a change of ``lanes.c``, install again.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

HELPER = "jsobj/net/md5/lanes.so"
FLAGS = ("-O3", "-fPIC", "-shared", "-fvisibility=hidden")


class Helper(BuildHookInterface[Any]):
    """Called by hatchling before it packs a wheel; a source distribution never holds what was compiled."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """``version`` is "standard" or "editable"."""
        if self.target_name != "wheel":
            return
        target = Path(self.root, HELPER)
        self.folder = tempfile.TemporaryDirectory(prefix="jsobj-build-")
        made = Path(self.folder.name, target.name)
        if why := compile_helper(target.with_suffix(".c"), made):
            self.app.display_info(f"built without the compiled helper: {why}")
        elif version == "editable":
            beside = target.with_suffix(".new")  # on the same file system: programs that use the old one go on with it
            try:
                shutil.copyfile(made, beside)
                beside.replace(target)
            except OSError as error:
                self.app.display_info(f"built without the compiled helper: {error}")
        else:
            build_data["force_include"][str(made)] = HELPER
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{_platform()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Clear up."""
        if hasattr(self, "folder"):
            self.folder.cleanup()


def compile_helper(source: Path, into: Path) -> str:
    """Compile; "" or why it is not there."""
    why = "there is no C compiler"
    for words in _compilers():
        try:
            command = [*words, *FLAGS, "-o", str(into), str(source)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            why = str(error)
            continue
        if done.returncode == 0 and into.exists():
            return ""
        why = f"{' '.join(words)} failed: {done.stderr.strip()[-300:]}"
    return why


def _compilers() -> list[list[str]]:
    """Commands that are there: what CC says, what this Python was built with, the usual names."""
    named = (os.environ.get("CC"), sysconfig.get_config_var("CC"), "cc", "gcc", "clang")
    found = [words for each in named if (words := shlex.split(each or ""))]
    return [words for number, words in enumerate(found) if shutil.which(words[0]) and words not in found[:number]]


def _platform() -> str:
    """The tag of this system, not of the oldest one that might do (manylinux), which nobody has tried."""
    return next(tag.platform for tag in sys_tags() if not tag.platform.startswith(("manylinux", "musllinux")))
