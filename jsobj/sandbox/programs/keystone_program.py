"""The Keystone of the sandbox: creates its database if missing, then serves.

A stand-alone program: it is run by path, perhaps by another interpreter without jsobj, so it imports the standard
library, Keystone and waitress only. It must not be imported by jsobj.

Usage: ``keystone_program.py PLAN.json``. The plan (a private file, because it holds the administrator's password) says
``directory``, ``socket_fd`` (a listening socket that the supervisor bound), ``admin_password``, ``public_url`` and
``region``. Keystone itself looks for ``OS_KEYSTONE_CONFIG_FILES`` in the environment.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import socket
import sys
import types
import warnings
from pathlib import Path
from typing import Any

# Run by path, Python puts this folder first on sys.path; nothing in it may shadow a package.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

CONFIG = "keystone.conf"
COMPLETE = "database-complete"


def skip_saml_schemas() -> None:
    """Replace a module of pysaml2 that compiles a dozen XML schemas when it is imported.

    They take a quarter of the start, for SAML federation, which a sandbox does not offer.
    """

    def validate(*_: object) -> None:
        raise NotImplementedError("the sandbox does not validate SAML documents")

    module = types.ModuleType("saml2.xml.schema")
    vars(module).update(validate=validate, XMLSchemaError=type("XMLSchemaError", (Exception,), {}))
    sys.modules[module.__name__] = module


def tune_sqlite() -> None:
    """Make every connection of this process tolerant of another writer.

    Keystone opens a connection per database session. With SQLite's default rollback journal a second writer fails at
    once ("database is locked", a 500 for the client). Write-ahead logging lets readers and one writer work together,
    the timeout makes a second writer wait, and requests are served one at a time (see :func:`serve`), so that two
    requests never compete. No fsync: a sandbox need not survive a power cut, and the schema takes seconds with it.
    """
    from sqlalchemy import event, pool
    from sqlalchemy.engine import Engine

    # oslo.db opens and closes the file for every database session (two dozen for one token); keep connections instead.
    engines = importlib.import_module("oslo_db.sqlalchemy.engines")
    vars(engines)["pool"] = types.SimpleNamespace(**{**vars(pool), "NullPool": pool.QueuePool})

    @event.listens_for(Engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 20000")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()


def manage(*words: str) -> None:
    """Run one ``keystone-manage`` command in a forked child, which inherits the imports: they cost two seconds."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            # Killed with its parent (PR_SET_PDEATHSIG, prctl(2)): nothing else would end it.
            ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)
            from keystone.cmd import cli

            cli.main(["keystone-manage", "--config-file", CONFIG, *words])
            status = 0
        except SystemExit as exit_:
            status = 0 if exit_.code in (None, 0) else 1
        except BaseException:  # noqa: BLE001  the child must never return into the parent's code
            import traceback

            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    _, wait_status = os.waitpid(child, 0)
    if wait_status:
        sys.exit(f"keystone-manage {words[0]} failed: {wait_status}")


def make_database(plan: dict[str, Any]) -> None:
    """Create schema, keys, and the first administrator. Every step may be repeated after a crash."""
    import keystone.cmd.cli
    import keystone.server.wsgi  # noqa: F401  imported before the forks, which inherit it

    owner = ["--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid())]
    manage("db_sync")
    manage("fernet_setup", *owner)
    manage("credential_setup", *owner)
    url = plan["public_url"]
    manage(
        "bootstrap",
        *("--bootstrap-public-url", url, "--bootstrap-internal-url", url, "--bootstrap-admin-url", url),
        f"--bootstrap-region-id={plan['region']}",
        # Arguments of a function in a forked child: they are not in the process list.
        f"--bootstrap-password={plan['admin_password']}",
    )
    Path(COMPLETE).touch()


def serve(listener: socket.socket) -> None:
    """Answer requests for ever, one at a time.

    One worker thread is what makes SQLite safe here: waitress still reads and writes many connections at once, only
    the application runs serially, and Python would not run two of its requests in parallel anyway.
    """
    import waitress
    from keystone.server import wsgi

    application = wsgi.initialize_public_application()
    waitress.serve(application, sockets=[listener], threads=1, ident="keystone", backlog=1024)


def main() -> None:
    """Execute the plan."""
    warnings.simplefilter("ignore")
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    del sys.argv[1:]  # Keystone reads the command line again
    os.chdir(plan["directory"])
    os.umask(0o077)
    skip_saml_schemas()
    tune_sqlite()
    if not Path(COMPLETE).exists():
        make_database(plan)
    serve(socket.socket(fileno=plan["socket_fd"]))


if __name__ == "__main__":
    main()
