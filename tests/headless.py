"""A headless Chromium, steered over a pipe with the DevTools protocol: no driver program, no port, no Python package.

With ``--remote-debugging-pipe`` Chromium reads JSON messages that end in NUL from descriptor 3 and writes them to 4
(content/browser/devtools/devtools_pipe_handler.cc).
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rigs import lack

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--disable-extensions", "--hide-scrollbars", "--force-color-profile=srgb", "--remote-debugging-pipe",
)  # fmt: skip
_PATIENCE = 60.0  # seconds for one answer; a bound against hanging, not a measure of speed
_ABOVE_STANDARD = 10  # so that neither end is 3 or 4 before they are put there


def find_chromium() -> str:
    """The program; skips without it, or fails where the rigs are required."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None or shutil.which("bash") is None:
        lack("chromium or bash not found: apt-get install chromium fonts-dejavu-core bash")
    return found


class NavigatedError(AssertionError):
    """The page went before it answered."""


class Tab:
    """One page of the browser. ``complaints`` and ``requests`` gather what happens while it is used."""

    def __init__(self, process: subprocess.Popen[bytes], to_browser: int, from_browser: int) -> None:
        self._process = process
        self._to, self._from = to_browser, from_browser
        self._buffer = b""
        self._number = 0
        self._session = ""
        self._loads: set[str] = set()
        self._downloads: dict[str, str] = {}
        self.complaints: list[str] = []
        self.requests: list[str] = []

    def attach(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """One command and its answer; events on the way are taken note of."""
        session = {"sessionId": self._session} if self._session else {}
        return self._send({"method": method, "params": params, **session})

    def call_browser(self, method: str, **params: object) -> dict[str, Any]:
        """The same for the browser as a whole."""
        return self._send({"method": method, "params": params})

    def _send(self, command: dict[str, object]) -> dict[str, Any]:
        self._number += 1
        method, message = command["method"], {"id": self._number, **command}
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                said = answer.get("error", {}).get("message", "")
                if any(word in said for word in ("navigated", "context", "Promise was collected")):
                    raise NavigatedError(method)
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])

    def show(self, page: Path | str, *, width: int, height: int, scheme: str, medium: str = "screen") -> None:
        """Load the page, a file or a URL, in a window of that size (CSS pixels) with that colour scheme."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", media=medium, features=[feature])
        self.complaints.clear()
        self.requests.clear()
        loader = self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())["loaderId"]
        while loader not in self._loads:  # the page before may say only now that it is loaded
            self._next()

    def ask(self, script: str) -> Any:
        """The value of a JavaScript expression in the page, as JSON; of a promise, what it comes to."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, text=text)

    def wait_for(self, script: str) -> Any:
        """The first value of the expression that is true, also of a page to which one leads meanwhile."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(NavigatedError):
                if value := self.ask(script):
                    return value
            time.sleep(0.02)
        raise AssertionError(f"never true: {script}")

    def type(self, text: str) -> None:
        """Letter by letter, as if typed."""
        for letter in text:
            self.press(letter, 0, letter)

    def click(self, selector: str) -> None:
        """In the middle of the element, scrolled to where it can be seen."""
        place = self.ask(
            f"(() => {{ const part = document.querySelector({json.dumps(selector)});"
            "part.scrollIntoView({block: 'center'}); const box = part.getBoundingClientRect();"
            "return {x: box.left + box.width / 2, y: box.top + box.height / 2}; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def choose(self, selector: str, *files: Path) -> None:
        """Put files into a field for files."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        field = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=field, files=[str(each) for each in files])

    def download_to(self, folder: Path) -> None:
        """Files go there from now on, without a question, under their own names."""
        self.call_browser("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder), eventsEnabled=True)

    def downloaded(self) -> str:
        """Waits for the download under way to end; how: ``completed`` or ``canceled``."""
        while not (ended := [state for state in self._downloads.values() if state != "inProgress"]):
            self._next()
        self._downloads.clear()
        return ended[0]

    def allow(self, *permissions: str) -> None:
        """Grant permissions such as ``clipboardReadWrite`` to every page."""
        self.call_browser("Browser.grantPermissions", permissions=list(permissions))

    def picture(self, path: Path) -> None:
        """Keep what is on the screen, as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"Chromium said nothing for {_PATIENCE:.0f} s"
            piece = os.read(self._from, 1 << 16)
            assert piece, f"Chromium ended with {self._process.poll()}"
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, event: str, params: dict[str, Any]) -> None:
        if event == "Page.lifecycleEvent" and params["name"] == "load":
            self._loads.add(params["loaderId"])
        elif event == "Browser.downloadProgress":
            self._downloads[params["guid"]] = params["state"]
        elif event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif event in {"Runtime.exceptionThrown", "Runtime.consoleAPICalled"}:
            self.complaints.append(json.dumps(params))


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[Tab]:
    """A Chromium of its own with an empty profile in ``folder``; it and its children are gone afterwards."""
    program = find_chromium()
    child_reads, to_browser = _high_pipe()
    from_browser, child_writes = _high_pipe()
    words = [program, *_FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{child_reads} 4>&{child_writes}', "bash", *words],
            pass_fds=(child_reads, child_writes), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, env={**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        )  # fmt: skip
    os.close(child_reads)
    os.close(child_writes)
    try:
        tab = Tab(process, to_browser, from_browser)
        tab.attach()
        yield tab
    finally:
        # Its own session, so its own process group: renderers and the zygote go with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=_PATIENCE)
        os.close(to_browser)
        os.close(from_browser)


def _high_pipe() -> tuple[int, int]:
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _ABOVE_STANDARD) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]
