"""Ports for servers that must be told theirs before they start."""

from __future__ import annotations

import os
import random
import socket

# Below the range (32768 and up) from which the kernel takes ports for connections and for "port 0": none of those can
# take one between its choice and the server's start. Each worker of pytest-xdist has a slice.
_FIRST, _SLICE, _WORKERS = 20000, 1500, 8
_chance = random.SystemRandom()  # pytest-randomly gives every worker the same seed
_given: set[int] = set()  # a server may bind long after it was told its port, and another be told one meanwhile


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    while True:
        port = _FIRST + worker * _SLICE + _chance.randrange(_SLICE)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.add(port)
            return port
