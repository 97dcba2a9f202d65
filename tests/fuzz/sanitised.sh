#!/usr/bin/env bash
# The C of jsobj/net/md5 under AddressSanitizer and UndefinedBehaviorSanitizer, driven by its unit tests and its fuzz
# target. By hand, from an active environment with jsobj installed as `pip install -e '.[test]'` does; needs gcc.
set -euo pipefail
cd "$(dirname "$0")/../.."
helper=jsobj/net/md5/lanes.so
mv "$helper" "$helper.kept"
trap 'mv "$helper.kept" "$helper"' EXIT
gcc -O1 -g -fPIC -shared -fvisibility=hidden -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=undefined -o "$helper" jsobj/net/md5/lanes.c
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
  ASAN_OPTIONS=detect_leaks=0 JSOBJ_REQUIRE_RIGS=1 JSOBJ_FUZZ_EXAMPLES="${1:-2000}" \
  python -X faulthandler -m pytest -q -n 0 -p no:cacheprovider tests/unit/net/md5 tests/fuzz/test_fuzz_targets.py \
  -k "md5 or digests"
