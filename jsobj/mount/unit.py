"""A mount as a service of the user, for systemd."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_TEXT = """\
# Save it as ~/.config/systemd/user/{name}, then:
#   systemctl --user daemon-reload && systemctl --user enable --now {name}
#   loginctl enable-linger    (so that it runs before you log in and after you log out)

[Unit]
Description={url} on {folder} (jsobj)
After=network-online.target

[Service]
Type=exec
ExecStart={start}
ExecStop={stop}
Restart=on-failure
RestartSec=30
# What was written is sent before the mounter may end.
TimeoutStopSec={seconds}
KillMode=mixed

[Install]
WantedBy=default.target
"""
STOP_SECONDS = 600


def unit_name(folder: Path) -> str:
    """The file's name."""
    word = "-".join(part for part in folder.parts if part != "/") or "root"
    return "jsobj-" + "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in word) + ".service"


def unit(program: Sequence[str], words: Sequence[str], url: str, folder: Path) -> str:
    """The text of the unit. ``words``: those of ``jsobj mount`` without ``--unit``."""
    start = " ".join(map(_quoted, (*program, "mount", *words, "--foreground")))
    stop = " ".join(map(_quoted, (*program, "umount", str(folder), "--timeout", str(STOP_SECONDS - 60))))
    return _TEXT.format(
        name=unit_name(folder),
        url=_plain(url),
        folder=_plain(str(folder)),
        start=start,
        stop=stop,
        seconds=STOP_SECONDS,
    )


def _plain(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """As systemd.service(5) wants it: ``%`` and ``$`` mean something there."""
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{word}"' if not word or any(letter in word for letter in " \t'\";\\") else word
