"""The environment of a shell inside the sandbox: the user's own without variables that name a cloud."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from jsobj.sandbox.layout import SandboxPaths

FOREIGN = ("OS_", "AWS_", "XDG_", "S3_")
# The prompt says where one is: these files are read by bash and zsh, and sh takes the variable.
_PROMPTS = {".bashrc": "PS1='(sandbox) \\w\\$ '\n", ".zshrc": "PS1='(sandbox) %~ %# '\n"}
_PLAIN_PROMPT = "(sandbox) $ "


def shell_environment(folder: Path, base: Mapping[str, str]) -> dict[str, str]:
    """``base`` without ``OS_*``, ``AWS_*``, ``XDG_*``, ``S3_*``; with the sandbox's ``HOME``, no proxy for it, and
    the programs of this Python environment (jsobj, openstack, swift) on the ``PATH``.
    """
    paths = SandboxPaths.of(folder)
    kept = {name: value for name, value in base.items() if not name.startswith(FOREIGN)}
    # A proxy of the institute cannot reach this machine's own servers.
    direct = ",".join((*filter(None, (base.get("no_proxy") or base.get("NO_PROXY"),)), "127.0.0.1", "localhost"))
    programs = f"{Path(sys.executable).parent}{os.pathsep}{base.get('PATH', os.defpath)}"
    own = {"PS1": _PLAIN_PROMPT, "HOME": str(paths.home), "JSOBJ_SANDBOX": str(paths.folder), "PATH": programs}
    return {**kept, **own, "no_proxy": direct, "NO_PROXY": direct}


def write_prompts(home: Path) -> None:
    """Settings of shells that show the sandbox's name before each command, where there are none yet."""
    for name, text in _PROMPTS.items():
        if not (home / name).exists():
            (home / name).write_text(text, encoding="utf-8")
