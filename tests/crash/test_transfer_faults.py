"""Transfers through a network and past servers that fail: the bytes end right, or nothing is called done (F rows)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from crash_scene import MIB, PART, Crash, content, sha256
from fault_proxy import Answer, Rule

DATA = content(12 * MIB, 5)  # three parts
SMALL = content(MIB, 6)
LAST = 12 * MIB - 2 * PART
ALL = pytest.mark.parametrize("crash", ["s3", "rgw", "swift"], indirect=True)
BOTH = pytest.mark.parametrize("crash", ["s3", "swift"], indirect=True)
S3 = pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)
ERROR = b'<?xml version="1.0"?><Error><Code>InternalError</Code><Message>We are sorry</Message></Error>'


pytestmark = pytest.mark.usefixtures("short_waits")


def part(crash: Crash, number: int) -> dict[str, Any]:
    """What of a :class:`Rule` fits the PUT of one part."""
    if crash.over_s3:
        return {"method": "PUT", "part": number}
    return {"method": "PUT", "path": rf"_segments/.*/0*{number}$"}


def stretch(crash: Crash) -> dict[str, Any]:
    """What fits a GET of bytes."""
    return {"method": "GET", "path": "/data$", "query": "^$"}


def times_sent(crash: Crash) -> list[int]:
    """How often each of the three parts was sent."""
    if crash.over_s3:
        return [sum(one.part == number for one in crash.proxy.of("PUT")) for number in (1, 2, 3)]
    return [len(crash.proxy.of("PUT", path=rf"_segments/.*/0*{number}$")) for number in (1, 2, 3)]


@pytest.mark.parametrize("at", [0, 1, PART // 2, PART - 1, PART])
@BOTH
def test_F02_a_reset_costs_one_part_once_more(crash: Crash, at: int) -> None:
    crash.proxy.add(Rule("reset", "sending", at=at, **part(crash, 2)))
    crash.upload(crash.path("data", DATA), "data")
    crash.check_uploaded("data", DATA)
    assert times_sent(crash) == [1, 2, 1]


@pytest.mark.parametrize("fault", ["reset", "cut"])
@pytest.mark.parametrize("at", [0, MIB + 1, -1])
@BOTH
def test_F03_F04_a_body_cut_short_is_fetched_again(crash: Crash, fault: Any, at: int) -> None:
    crash.put("data", DATA, PART)
    crash.proxy.add(Rule(fault, "receiving", at=at, skip=1, **stretch(crash)))
    crash.download("data", crash.path("data"))
    crash.check_downloaded(crash.path("data"), DATA)
    assert crash.proxy.received <= len(DATA) + PART + MIB
    assert crash.proxy.rules[0].struck == 1


@pytest.mark.parametrize("large", [False, True], ids=["whole", "parts"])
@ALL
def test_F06_a_flipped_bit_is_fetched_again(crash: Crash, large: bool) -> None:
    data = DATA if large else SMALL
    crash.upload(crash.path("data", data), "data")
    crash.path("data").unlink()
    crash.proxy.add(Rule("flip", "receiving", at=-1, **stretch(crash)))
    crash.download("data", crash.path("data"))
    crash.check_downloaded(crash.path("data"), data)
    assert crash.proxy.rules[0].struck == 1


@pytest.mark.parametrize("large", [False, True], ids=["whole", "parts"])
@ALL
def test_F06_bits_that_flip_each_time_make_no_file(crash: Crash, large: bool) -> None:
    path = crash.path("data", DATA if large else SMALL)
    crash.upload(path, "data")
    path.write_bytes(b"the old file")
    crash.proxy.add(Rule("flip", "receiving", at=77, times=0, **stretch(crash)))
    crash.download("data", path, code=8)
    assert path.read_bytes() == b"the old file"
    crash.proxy.clear()
    crash.download("data", path)
    crash.check_downloaded(path, DATA if large else SMALL)


@pytest.mark.parametrize("at", [0, PART - 1])
@ALL
def test_F07_a_bit_flipped_on_its_way_up_is_sent_again(crash: Crash, at: int) -> None:
    crash.proxy.add(Rule("flip", "sending", at=at, **part(crash, 2)))
    crash.upload(crash.path("data", DATA), "data")
    crash.check_uploaded("data", DATA)
    assert times_sent(crash) == [1, 2, 1]


@pytest.mark.parametrize("large", [False, True], ids=["whole", "parts"])
@ALL
def test_F07_bits_that_flip_each_time_make_no_object(crash: Crash, large: bool) -> None:
    crash.put("data", b"the old object")
    which = part(crash, 1) if large else {"method": "PUT", "path": "/data$"}
    crash.proxy.add(Rule("flip", "sending", at=77, times=0, least=1, **which))
    data = DATA if large else SMALL
    crash.upload(crash.path("data", data), "data", code=8)
    assert crash.fetch("data") in {b"the old object", data}
    crash.proxy.clear()
    crash.upload(crash.path("data"), "data")
    crash.check_uploaded("data", data)


@pytest.mark.parametrize("times", [1, 0])
@S3
def test_F08_0_3_0_13_completed_though_the_answer_is_500(crash: Crash, times: int) -> None:
    crash.proxy.add(Rule("answer", "answer", "POST", query="^uploadId", answer=Answer(500, {}, ERROR), times=times))
    crash.upload(crash.path("data", DATA), "data")
    crash.check_uploaded("data", DATA)
    assert crash.keys() == ["data"]


@pytest.mark.parametrize("times", [1, 0])
@S3
def test_F10_an_error_in_a_good_answer_is_an_error(crash: Crash, times: int) -> None:
    crash.proxy.add(Rule("answer", "request", "POST", query="^uploadId", answer=Answer(200, {}, ERROR), times=times))
    path = crash.path("data", DATA)
    crash.upload(path, "data", code=0 if times else 7)
    if not times:
        assert crash.unfinished() == crash.journaled() != set()
        crash.proxy.clear()
        crash.upload(path, "data")
        assert times_sent(crash) == [0, 0, 0]
    crash.check_uploaded("data", DATA)


@pytest.mark.usefixtures("short_silence")
@pytest.mark.parametrize("where", [{"when": "sending", "at": 70_000}, {"when": "sent"}], ids=str)
@BOTH
def test_F12_a_stalled_upload_goes_on_over_another_connection(crash: Crash, where: dict[str, Any]) -> None:
    crash.proxy.add(Rule("stall", **part(crash, 2), **where))
    crash.upload(crash.path("data", DATA), "data")
    crash.check_uploaded("data", DATA)
    assert times_sent(crash)[1] == 2


@pytest.mark.usefixtures("short_silence")
@pytest.mark.parametrize("at", [0, 70_000])
@BOTH
def test_F12_a_stalled_download_goes_on_over_another_connection(crash: Crash, at: int) -> None:
    crash.put("data", DATA, PART)
    crash.proxy.add(Rule("stall", "receiving", at=at, **stretch(crash)))
    crash.download("data", crash.path("data"))
    crash.check_downloaded(crash.path("data"), DATA)


@ALL
def test_F17_each_kind_of_request_survives_each_bad_gateway(crash: Crash) -> None:
    kinds: list[dict[str, Any]] = [{"method": "GET"}, {"method": "HEAD"}, {"method": "PUT"}, {"method": "POST"}]
    if crash.over_s3:
        kinds = [*kinds[:3], {"method": "POST", "query": "^uploads"}, {"method": "POST", "query": "^uploadId"}]
    statuses = (500, 502, 503, 504)
    crash.proxy.add(*(Rule("answer", answer=Answer(status), **kind) for kind in kinds for status in statuses))
    path = crash.path("data", DATA)
    crash.upload(path, "data")
    crash.check_uploaded("data", DATA)
    path.unlink()
    crash.download("data", path)
    crash.check_downloaded(path, DATA)
    assert sum(rule.struck for rule in crash.proxy.rules) >= 4 * (len(kinds) - 1)


@S3
def test_F20_a_burst_of_503_is_outlasted(crash: Crash) -> None:
    crash.proxy.add(Rule("answer", method="PUT", answer=Answer(503, {}, b""), times=12))
    crash.upload(crash.path("data", DATA), "data", "--parallel", "16")
    crash.check_uploaded("data", DATA)
    assert len(crash.proxy.of("PUT")) == 12 + 3


def without_etag(answer: Answer) -> Answer:
    return Answer(answer.status, {k: v for k, v in answer.headers.items() if k != "etag"}, answer.body)


def another_etag(answer: Answer) -> Answer:
    return Answer(answer.status, {**answer.headers, "etag": f'"{"0" * 32}"'}, answer.body)


@pytest.mark.parametrize("change", [without_etag, another_etag])
@BOTH
def test_F38_an_etag_that_does_not_prove_the_part_makes_no_object(crash: Crash, change: Any) -> None:
    path = crash.path("data", DATA)
    crash.proxy.add(Rule("change", "answer", change=change, times=0, **part(crash, 2)))
    crash.upload(path, "data", code=8)
    assert crash.keys() == []
    crash.check_accounted()
    crash.proxy.clear()
    crash.proxy.add(Rule("change", "answer", change=change, **part(crash, 2)))
    crash.upload(path, "data")
    crash.check_uploaded("data", DATA)


@BOTH
def test_F40_an_object_deleted_meanwhile_is_not_found(crash: Crash) -> None:
    path: Path = crash.path("data")
    crash.put("data", DATA, PART)
    rule = Rule("hold", also=lambda: crash.delete("data"), skip=1, **stretch(crash))
    rule.release()
    crash.proxy.add(rule)
    crash.download("data", path, code=5)
    assert not path.exists()


@S3
def test_F42_a_bucket_deleted_meanwhile_is_not_found(crash: Crash) -> None:
    def delete() -> None:
        for key, number in crash.unfinished():
            crash.boto.abort_multipart_upload(Bucket=crash.bucket, Key=key, UploadId=number)
        crash.boto.delete_bucket(Bucket=crash.bucket)

    rule = Rule("hold", also=delete, **part(crash, 2))
    rule.release()
    crash.proxy.add(rule)
    crash.upload(crash.path("data", DATA), "data", code=5)
    assert sha256(crash.path("data").read_bytes()) == sha256(DATA)
