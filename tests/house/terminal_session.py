"""The picture at the top of the README: commands typed at a terminal of 80 columns, and what they print.

    python tests/house/terminal_session.py          draws .github/session.svg anew, on a cloud of its own

``test_readme_session.py`` types the same commands and compares what they print with the words in the picture.
"""

from __future__ import annotations

import fcntl
import html
import io
import os
import pty
import re
import struct
import sys
import tempfile
import termios
from collections.abc import Mapping
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]  # run as a script: the fixtures' modules

PICTURE = Path(__file__).resolve().parents[2] / ".github" / "session.svg"
COMMANDS = (
    "jsobj login app-cred-mine-openrc.sh",
    "jsobj bucket create results-mine",
    "jsobj upload run42.zarr stations.csv swift://results-mine/",
    "jsobj verify run42.zarr swift://results-mine/run42.zarr",
    "jsobj doctor",
)
_COLUMNS, _ROWS = 80, 60
_PROMPT = "\x1b[1m$ {}\x1b[0m"

# What differs from run to run, and what the picture shows in its place.
_VARYING = (
    (r"127\.0\.0\.1:\d+/v3", "127.0.0.1:5000/v3"),
    (r"127\.0\.0\.1:\d+(?!\d|/v3)", "127.0.0.1:8080"),
    (r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", "0123456789abcdef0123456789abcdef"),
    (r"in \d+\.\d s \(\d+(\.\d+)? [KM]iB/s\)", "in 0.9 s (4.7 MiB/s)"),
)
# A progress bar is drawn and taken away again before a command ends.
_BAR = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h(?:\r?\x1b\[1A\x1b\[2K)+\r?", re.DOTALL)

# Rich's own frame loads a font from the network; a picture in a README may not.
_FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>A terminal: log in, create a bucket, upload, verify, test the setup</title>
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px;
line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">
{matrix}
</g></g>
</svg>
"""


def typed(command: str, env: Mapping[str, str], folder: Path) -> str:
    """What ``command`` leaves on a terminal, with its colours. Fails where the command fails."""
    child, terminal = pty.fork()
    if not child:  # this is the child
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
            os.chdir(folder)
            os.execve("/bin/sh", ["sh", "-c", command], {**env, "TERM": "xterm-256color"})
        finally:
            os._exit(127)
    printed = bytearray()
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # on Linux the end of a terminal is an error
            break
        if not data:
            break
        printed += data
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    text = printed.decode()
    assert code == 0, f"{command}: exit code {code}\n{text}"
    return _BAR.sub("", text).replace("\r\n", "\n")


def session(env: Mapping[str, str], folder: Path) -> str:
    """All commands in turn, each after its prompt; what varies is made equal."""
    text = "\n".join(f"{_PROMPT.format(command)}\n{typed(command, env, folder)}" for command in COMMANDS)
    text = text.replace(env["HOME"], "/home/alice")
    for pattern, shown in _VARYING:
        text = re.sub(pattern, shown, text)
    return text


def words(text: str) -> list[str]:
    """The lines of a session without colours, cut where a terminal of 80 columns cuts them."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = plain.splitlines()
    return [line[i : i + _COLUMNS].rstrip() for line in lines for i in range(0, max(len(line), 1), _COLUMNS)]


def drawn(text: str) -> str:
    """The session as SVG."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in text.splitlines():
        whole = Text.from_ansi(line)
        for piece in whole.divide(range(_COLUMNS, len(whole), _COLUMNS)):
            console.print(piece, soft_wrap=True, highlight=False)
    return console.export_svg(title="jsobj", code_format=_FRAME, unique_id="session")


def words_of_picture() -> list[str]:
    """The lines of text in the picture, from top to bottom."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for attributes, text in re.findall(r"<text ([^>]*)>([^<]*)</text>", PICTURE.read_text()):
        place = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
        if "matrix" in attributes or "clip-path" in attributes:
            rows.setdefault(float(place["y"]), []).append((float(place["x"]), html.unescape(text)))
    return ["".join(piece for _, piece in sorted(row)).replace("\xa0", " ").rstrip() for _, row in sorted(rows.items())]


def _draw() -> None:
    from readme_folder import fill

    from jsobj.sandbox import lifecycle
    from jsobj.sandbox.options import SandboxOptions

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            status = lifecycle.start(folder / "cloud", SandboxOptions())
            (folder / "home").mkdir()
            (folder / "work").mkdir()
            fill(folder / "work", status.files["app-cred-restricted"])
            path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
            env = {"HOME": str(folder / "home"), "PATH": path, "LANG": "C.UTF-8"}
            PICTURE.write_text(drawn(session(env, folder / "work")))
        finally:
            lifecycle.reset(folder / "cloud")


if __name__ == "__main__":
    _draw()
