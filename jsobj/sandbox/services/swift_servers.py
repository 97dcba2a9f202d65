"""Swift's four servers, as functions that the supervisor runs in forked children.

The supervisor imports Swift once (:func:`prepare`) and forks: four separate imports would cost seconds. Everything here
works with paths relative to the sandbox's ``swift`` folder, which is the working directory, because Swift's
configuration files cannot quote odd characters.
"""

from __future__ import annotations

import logging
import socket
import sys
from pathlib import Path
from typing import Any

from jsobj.sandbox.services.memory_cache import MemoryCache

DEVICE = "d1"
PART_POWER = 4
ROLES = ("account", "container", "object")
MODULES = {
    "proxy": "swift.proxy.server",
    "account": "swift.account.server",
    "container": "swift.container.server",
    "object": "swift.obj.server",
}


def prepare(ports: dict[str, int]) -> None:
    """Import what the servers need and write the rings (one replica, one device) for these ports.

    The working directory must be the sandbox's ``swift`` folder. A ring names ports, not data: with new ports the same
    objects are found again.
    """
    import importlib

    from swift.common import utils

    # Before anything else of Swift is imported: policies and limits are read at import, and this machine may have a
    # Swift of its own in /etc/swift.
    utils.set_swift_dir(".")
    from swift.common.ring import RingBuilder

    for module in MODULES.values():
        importlib.import_module(module)
    for role in ROLES:
        builder = RingBuilder(PART_POWER, 1, 0)
        builder.add_dev(
            {"id": 0, "region": 1, "zone": 1, "weight": 1.0, "ip": "127.0.0.1", "port": ports[role], "device": DEVICE}
        )
        builder.rebalance()
        ring = Path(f"{role}.ring.gz")
        ring.unlink(missing_ok=True)
        builder.get_ring().save(str(ring))
        Path("devices", DEVICE).mkdir(parents=True, exist_ok=True)


def serve(role: str, listener: socket.socket) -> None:
    """Run the server ``role`` on a socket that listens already; does not return."""
    from eventlet import greenio
    from swift.common import wsgi
    from swift.common.middleware import memcache

    _log_to_stderr()
    memcache.load_memcache = lambda conf, logger: MemoryCache()
    # PasteDeploy needs an absolute path, and one without "%" or "#": this is the working directory under a plain name.
    config = f"/proc/self/cwd/{role}.conf"
    # The same steps as swift.common.wsgi.run_wsgi with workers = 0, which insists on binding a port of its own.
    listener.setblocking(False)
    conf, logger, global_conf, _strategy = wsgi.check_config(config, f"{role}-server")
    wsgi.run_server(conf, logger, greenio.GreenSocket(listener), global_conf=global_conf)


def _log_to_stderr() -> None:
    """Send every Swift log to stderr: without this it goes to the system's log, or to UDP port 514 of this machine."""
    from swift.common import utils

    def handler(*_: Any, **__: Any) -> logging.Handler:
        return logging.StreamHandler(sys.__stderr__)

    for name in ("swift.common.utils", "swift.common.utils.logs"):
        module = sys.modules.get(name, utils)
        if hasattr(module, "ThreadSafeSysLogHandler"):
            module.ThreadSafeSysLogHandler = handler
