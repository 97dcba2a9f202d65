"""rclone's remote control, on a socket in the mount's own folder; nobody else can enter that."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any

SOCKET = "control"
_SECONDS = 10.0


class _Connection(http.client.HTTPConnection):
    def __init__(self, folder: Path) -> None:
        super().__init__("rclone", timeout=_SECONDS)
        self._folder = folder

    def connect(self) -> None:
        """By the folder's descriptor: the name of a socket may have 108 bytes, and folders are deep."""
        folder = os.open(self._folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(_SECONDS)
            self.sock.connect(f"/proc/self/fd/{folder}/{SOCKET}")
        except OSError:
            self.sock.close()
            raise
        finally:
            os.close(folder)


def call(folder: Path, command: str, **words: object) -> dict[str, Any]:
    """The answer; empty where it gives none, as an rclone does that is dead or too old."""
    connection = _Connection(folder)
    try:
        connection.request("POST", f"/{command}", json.dumps(words), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        answer = json.loads(reply.read())
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()
    return answer if reply.status == 200 and isinstance(answer, dict) else {}
