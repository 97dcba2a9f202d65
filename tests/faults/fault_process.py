"""The fault proxy in a process of its own, told what to do over a socket: for loads, which keep the test's own busy.

    python tests/faults/fault_process.py http://127.0.0.1:8080 --control proxy.sock --lines requests.jsonl

prints its address, and takes a line of JSON for each command on the Unix socket, answering each with one:
``{"add": [RULE, ...]}`` (as :meth:`fault_rules.Rule.told` writes them; it answers the count), ``{"clear": true}``,
``{"release": N}`` (rule N, from 0), ``{"way": {"latency": SECONDS, "rate": BYTES_PER_SECOND}}``, ``{"state": true}``
(``requests``, ``sent``, ``received``, and how often each rule ``struck``).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fault_proxy import FaultProxy, Pace, Rule, fault_proxy


class Remote:
    """What a test says to a proxy in another process. ``url`` is its endpoint, ``lines`` the file of its requests."""

    def __init__(self, url: str, control: Path, lines: Path) -> None:
        self.url = url
        self.lines = lines
        self._control = control

    def add(self, *rules: Rule) -> None:
        self._say(add=[rule.told() for rule in rules])

    def clear(self) -> None:
        """No rules, and counting from nothing."""
        self._say(clear=True)

    def release(self, number: int) -> None:
        """Let what rule ``number`` (from 0) holds go on."""
        self._say(release=number)

    def way(self, *, latency: float = 0.0, rate: int = 0) -> None:
        """Seconds before each answer, bytes per second of all bodies together (0: as fast as they come)."""
        self._say(way={"latency": latency, "rate": rate})

    def state(self) -> dict[str, Any]:
        return self._say(state=True)

    def journal(self, least: int = 0) -> list[dict[str, Any]]:
        """Every request that has ended; waits until there are ``least``: one ends a moment after its answer came."""
        while len(lines := self.lines.read_text(encoding="utf-8").splitlines()) < least:
            time.sleep(0.01)
        return [json.loads(line) for line in lines]

    def _say(self, **command: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self._control))
            control.sendall(json.dumps(command).encode() + b"\n")
            with control.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
        if error := answer.get("error"):
            raise ValueError(error)
        return answer


@contextlib.contextmanager
def fault_process(upstream: str, rules: Sequence[Rule] = ()) -> Iterator[Remote]:
    """A proxy before ``upstream`` until left."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:  # a socket's path must be short
        control, lines = Path(name) / "control", Path(name) / "requests.jsonl"
        words = [sys.executable, __file__, upstream, "--control", str(control), "--lines", str(lines)]
        ended_with_us = ["setpriv", "--pdeathsig", "KILL"]
        with subprocess.Popen([*ended_with_us, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().decode().strip()
                assert url, "the proxy did not start"
                remote = Remote(url, control, lines)
                if rules:
                    remote.add(*rules)
                yield remote
            finally:
                process.terminate()


def _obey(proxy: FaultProxy, command: dict[str, Any]) -> dict[str, Any]:
    if "add" in command:
        proxy.add(*map(Rule.heard, command["add"]))
    elif "clear" in command:
        proxy.clear()
    elif "release" in command:
        proxy.rules[command["release"]].release()
    elif "way" in command:
        proxy.latency, proxy.pace = command["way"]["latency"], Pace(command["way"]["rate"])
    elif "state" in command:
        struck = [rule.struck for rule in proxy.rules]
        return {"requests": len(proxy.journal), "sent": proxy.sent, "received": proxy.received, "struck": struck}
    else:
        return {"error": f"no such command: {', '.join(command)}"}
    return {"rules": len(proxy.rules)}


def _listen(proxy: FaultProxy, control: socket.socket) -> None:
    while True:
        teller, _ = control.accept()
        with teller, teller.makefile("rwb") as both:
            for line in both:
                try:
                    answer = _obey(proxy, json.loads(line))
                except (LookupError, TypeError, ValueError) as error:
                    answer = {"error": repr(error)}
                both.write(json.dumps(answer).encode() + b"\n")
                both.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("upstream", help="http://127.0.0.1:PORT")
    parser.add_argument("--control", type=Path, required=True, help="the Unix socket to be made")
    parser.add_argument("--lines", type=Path, help="a file for every request as a line of JSON")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with socket.socket(socket.AF_UNIX) as control, fault_proxy(options.upstream, lines=options.lines) as proxy:
        control.bind(str(options.control))
        control.listen(8)
        sys.stdout.write(f"{proxy.url}\n")
        sys.stdout.flush()
        _listen(proxy, control)


if __name__ == "__main__":
    main()
