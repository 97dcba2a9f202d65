"""A longer way: a TCP relay on loopback that holds every byte back for a while, each way, as distance does.

It runs in a process of its own, so that the delay is the link's and not that of whoever uses it. Distance alone is
what it adds: bytes may be in flight without the sender being slowed (up to ``IN_FLIGHT`` a direction). Opening a
connection stays as quick as loopback is, since the kernel does that.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator

IN_FLIGHT = 32 << 20  # bytes held back for one direction of one connection: 640 MB/s at 50 ms
_READ = 256 * 1024


class _Side(asyncio.Protocol):
    """What comes in here goes out at ``peer``, later."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._held: deque[tuple[float, bytes]] = deque()  # (when it is due, bytes); b"" is the end
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._clogged = False
        self._lost = False
        self.transport: asyncio.Transport
        self.peer: _Side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if hasattr(transport, "max_size"):
            transport.max_size = _READ

    def data_received(self, data: bytes) -> None:
        self._hold(data)
        if self._bytes > IN_FLIGHT:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        self._hold(b"")
        return True  # the other direction goes on

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._hold(b"")

    def _hold(self, data: bytes) -> None:
        self._held.append((self._loop.time() + self._seconds, data))
        self._bytes += len(data)
        self._arm()

    def _arm(self) -> None:
        if self._timer is None and self._held and not self._clogged:
            self._timer = self._loop.call_at(self._held[0][0], self._let_go)

    def _let_go(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._held and self._held[0][0] <= now and not self._clogged:
            data = self._held.popleft()[1]
            self._bytes -= len(data)
            self.peer.take(data, ended=self._lost and not self._held)
        if not self._lost and self._bytes <= IN_FLIGHT // 2 and not self.transport.is_reading():
            with contextlib.suppress(RuntimeError):  # it may be closing
                self.transport.resume_reading()
        self._arm()

    def take(self, data: bytes, *, ended: bool) -> None:
        """Send what the other side held back."""
        if data:
            self.transport.write(data)
        elif ended:
            self.transport.close()
        elif self.transport.can_write_eof() and not self.transport.is_closing():
            with contextlib.suppress(OSError):  # it may be gone, and not known yet
                self.transport.write_eof()

    def pause_writing(self) -> None:
        self.peer._clogged = True

    def resume_writing(self) -> None:
        self.peer._clogged = False
        self.peer._arm()


async def _serve(host: str, port: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    connecting: set[asyncio.Task[None]] = set()

    class Near(_Side):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.transport.pause_reading()
            task = loop.create_task(self._connect())
            connecting.add(task)
            task.add_done_callback(connecting.discard)

        async def _connect(self) -> None:
            far = _Side(seconds)
            far.peer, self.peer = self, far
            try:
                await loop.create_connection(lambda: far, host, port)
            except OSError:
                self.transport.abort()
                return
            if not self.transport.is_closing():
                self.transport.resume_reading()

    server = await loop.create_server(lambda: Near(seconds), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextlib.contextmanager
def far_away(upstream: str, *, seconds: float = 0.025) -> Iterator[str]:
    """``host:port`` of a way to ``upstream`` (host:port) that is ``seconds`` longer in each direction, until left."""
    words = ["setpriv", "--pdeathsig", "KILL", sys.executable, __file__, upstream, str(seconds)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line:
                raise RuntimeError("the relay did not start")
            yield f"127.0.0.1:{line}"
        finally:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("upstream", metavar="HOST:PORT")
    parser.add_argument("seconds", type=float, nargs="?", default=0.025, help="added each way")
    options = parser.parse_args()
    host, _, port = options.upstream.rpartition(":")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    asyncio.run(_serve(host, int(port), options.seconds))


if __name__ == "__main__":
    main()
