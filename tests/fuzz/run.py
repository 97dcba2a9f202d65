"""atheris on the targets: coverage decides what is tried next. By hand, for a bounded time.

    pip install -e '.[test,fuzz]'
    python tests/fuzz/run.py --seconds 60 rc xml

Without names all targets run, one after another. A finding is printed with its bytes; put it into ``FINDINGS``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["jsobj"]):
    from targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(TARGETS), metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)  # how it calls itself
    options = parser.parse_args()
    if options.corpus is None:
        return max(_beside(name, options.seconds) for name in options.names)
    target = TARGETS[options.names[0]]
    words = [sys.argv[0], f"-max_total_time={options.seconds}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=1024"]
    atheris.Setup(
        [*words, "-print_final_stats=1", f"-artifact_prefix={options.corpus}-", str(options.corpus)], target.read
    )
    atheris.Fuzz()
    return 0


def _beside(name: str, seconds: int) -> int:
    """One target in a process of its own: atheris ends its process."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / name
        corpus.mkdir()
        for number, seed in enumerate(TARGETS[name].seeds):
            (corpus / str(number)).write_bytes(seed)
        words = [sys.executable, __file__, name, "--seconds", str(seconds), "--corpus", str(corpus)]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
        runs = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line]
        sys.stdout.write(f"{name}: exit {done.returncode}, {runs[-1] if runs else 'no statistics'}\n")
        if done.returncode:
            sys.stdout.write(done.stdout + done.stderr[-3000:])
            sys.stdout.writelines(f"finding: {found.read_bytes()!r}\n" for found in Path(folder).glob(f"{name}-*"))
        sys.stdout.flush()
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
