"""The picture at the top of the README shows what the commands print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fixtures_cloud import Cloud
from readme_folder import fill
from terminal_session import COMMANDS, session, words, words_of_picture

CLEAN_UP = [sys.executable, "-m", "jsobj", "bucket", "delete", "swift://results-mine", "--recursive", "--yes"]
LAYERS = ("Files", "Environment", "Login", "Network", "Servers", "Keystone", "Swift", "Leftovers", "Round trip")


def test_the_picture_shows_what_the_commands_print(cloud: Cloud, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    fill(folder, cloud.rc("app-cred-restricted"))
    env = {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    try:
        printed = session(env, folder)
    finally:  # the cloud is shared with the tests of the README's blocks, which use the same name
        subprocess.run(CLEAN_UP, env=env, cwd=folder, check=True, timeout=60, capture_output=True)
    # Word by word: where a line is wrapped depends on the length of HOME's path.
    shown, said = (" ".join(lines).split() for lines in (words_of_picture(), words(printed)))
    # Other tests leave things in the shared cloud that the doctor warns of: of its words only the layers are compared.
    doctor = shown.index("doctor") + 1
    assert shown[:doctor] == said[:doctor], "python tests/house/terminal_session.py draws it anew"
    assert [
        layer for layer in LAYERS if layer not in " ".join(shown[doctor:]) or layer not in " ".join(said[doctor:])
    ] == []
    assert [line for line in words_of_picture() if line.startswith("$ ")] == [f"$ {command}" for command in COMMANDS]
