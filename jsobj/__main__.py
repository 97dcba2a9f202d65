"""``python -m jsobj`` and the console script."""

from __future__ import annotations

import os
import resource
import sys


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    # Secrets are in this memory: where it crashes, no core file is written of it (the hard limit is the user's).
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    try:
        # Not at the top: an impatient Ctrl-C while this loads is no traceback either.
        from jsobj.cli.main import run
    except KeyboardInterrupt:
        sys.exit(130)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the caller has closed it (>&-)
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        # A full disk or a closed pipe, reported already: Python would complain once more while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
