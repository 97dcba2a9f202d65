"""Run a command and write down what it took: the small process between a bench and what it measures.

    python -IS launch.py REPORT COMMAND...

The kernel counts a parent's memory at the fork into its child's peak, so the parent of what is measured must be small:
this imports next to nothing. REPORT gets wall seconds, CPU seconds, peak bytes; the exit code is the command's.
"""

import os
import sys
import time


def main() -> None:
    report, words = sys.argv[1], sys.argv[2:]
    began = time.perf_counter()
    process = os.posix_spawnp(words[0], words, os.environ)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - began
    with open(report, "w") as file:
        file.write(f"{wall} {used.ru_utime + used.ru_stime} {used.ru_maxrss * 1024}")
    sys.exit(min(abs(os.waitstatus_to_exitcode(status)), 255))


if __name__ == "__main__":
    main()
