"""F48, P32: one request in ten meets a fault, of every kind that passes; a tree and a large file go up and come down.

CI runs a small mix with one seed; ``pytest -m long`` runs it with 1000 files, 1 GiB and three seeds.
"""

from __future__ import annotations

import random

import pytest
from crash_scene import MIB, PART, Crash, content, sha256, sha256_of
from fault_proxy import Answer, Rule

pytestmark = pytest.mark.usefixtures("short_waits", "short_silence")

OBJECT = {"method": "GET", "path": "/(tree|large)", "query": "^$"}  # what no digest protects is not flipped: listings
BUSY = Answer(503, {"retry-after": "0"})
SMALL = pytest.param(1, 150, 40 * MIB, id="small")
FULL = [pytest.param(seed, 1000, 1024 * MIB, id=f"full-{seed}", marks=pytest.mark.long) for seed in (1, 2, 3)]
ALL = pytest.mark.parametrize("crash", ["s3", "rgw", "swift"], indirect=True)


def mix(seed: int) -> list[Rule]:
    """Faults for a tenth of the requests. Each rule has its own chance, drawn after those before it spared one."""
    rules = [
        Rule("reset", "request"),
        Rule("cut", "sent"),
        Rule("cut", "answer"),
        Rule("reset", "sending", least=1),
        Rule("reset", "sending", at=-1, least=1),
        Rule("flip", "sending", method="PUT", at=-1, least=1),
        Rule("reset", "receiving", **OBJECT),
        Rule("cut", "receiving", at=900, **OBJECT),
        Rule("flip", "receiving", at=900, **OBJECT),
        Rule("answer", answer=Answer(500)),
        Rule("answer", answer=Answer(502)),
        Rule("answer", answer=BUSY),
        Rule("answer", "answer", answer=Answer(504)),
        Rule("answer", answer=Answer(429, {"retry-after": "0"})),
        Rule("late", "answer", seconds=0.2),
    ]
    for number, rule in enumerate(rules):
        rule.times, rule.seed = 0, seed * 1000 + number
        rule.probability = 0.1 / 11  # eleven of them can meet a PUT, as many a GET
    return [*rules, Rule("stall", "sent", times=2, probability=0.02, seed=seed)]


def struck(crash: Crash) -> int:
    return sum(bool(one.fault) for one in crash.proxy.journal)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("seed", "files", "size"), [SMALL, *FULL])
@ALL
def test_F48_P32_a_tenth_of_the_requests_fails(crash: Crash, seed: int, files: int, size: int) -> None:
    chosen, tree = random.Random(seed), crash.path("tree")
    data = {f"d{number % 7}/f{number}": chosen.randbytes(chosen.randrange(1, 20_000)) for number in range(files)}
    for name, body in data.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(body)
    large = content(size, seed)
    path = crash.path("large", large)
    parts = -(-size // PART)

    crash.proxy.add(*mix(seed))
    crash.jsobj("upload", f"{tree}/", crash.url("tree/"), "--progress", "none")
    crash.upload(path, "large")
    uploading = crash.proxy.journal
    faults_up = struck(crash)
    crash.proxy.clear()
    wanted = {f"tree/{name}": sha256(body) for name, body in data.items()} | {"large": sha256(large)}
    assert {key: sha256(crash.fetch(key)) for key in crash.keys()} == wanted  # noqa: SIM118 - no mapping
    assert crash.unfinished() == set()
    assert crash.jobs() == []
    assert faults_up > len(uploading) // 40  # there were some
    assert len(uploading) <= 1.5 * (files + parts) + 100

    crash.proxy.add(*mix(seed + 50))
    back = crash.path("back")
    crash.jsobj("download", crash.url("tree/"), back, "--progress", "none")
    crash.download("large", crash.path("large-back"))
    downloading, faults_down = crash.proxy.journal, struck(crash)
    got = {f"tree/{each.relative_to(back)}": sha256_of(each) for each in back.rglob("*") if each.is_file()}
    assert got | {"large": sha256_of(crash.path("large-back"))} == wanted
    assert crash.temps() == []
    assert crash.jobs() == []
    assert faults_down > len(downloading) // 40
    assert len(downloading) <= 1.5 * (files + parts) + 100
    print(f"up: {len(uploading)} requests, {faults_up} faults; down: {len(downloading)}, {faults_down}")  # noqa: T201
