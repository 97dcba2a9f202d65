"""DynamoDB JSON, read by boto3's own deserialiser, and put into a table by moto."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from jsobj.catalog.exports.dynamodb import LARGEST, attribute, line

ROW: dict[str, Any] = {
    "_key": "e7/1",
    "text": "=1+1 \u00fc \U0001f9ca \"'\n",
    "empty": "",
    "none": None,
    "yes": True,
    "whole": 2**62,
    "real": 0.1,
    "decimal": Decimal("12.50"),
    "bytes": b"\0\xff",
    "day": date(2026, 5, 1),
    "moment": datetime.fromisoformat("2026-05-01T12:30:00"),
    "list": [1, "a", None],
    "struct": {"x": 1.5, "y": [False]},
}


def _read(text: str) -> dict[str, Any]:
    item = json.loads(text)["Item"]
    item["bytes"]["B"] = b64decode(item["bytes"]["B"])  # text in JSON, bytes for SDKs
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def test_items_are_what_dynamodb_reads() -> None:
    text = line(ROW)
    assert "\n" not in text
    found = _read(text)
    assert "none" not in found
    assert found["bytes"].value == ROW["bytes"]
    assert (found["day"], found["moment"]) == ("2026-05-01", "2026-05-01T12:30:00")
    assert found["real"] == Decimal("0.1")
    assert found["struct"] == {"x": Decimal("1.5"), "y": [False]}
    same = ("_key", "text", "empty", "yes", "whole", "decimal", "list")
    assert {name: found[name] for name in same} == {name: ROW[name] for name in same}


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 1e300, 1e-200, 10**39 + 1])
def test_what_is_no_number_there_is_text(odd: float) -> None:
    assert attribute(odd) == {"S": str(odd)}


def test_an_item_that_is_too_large_is_none() -> None:
    assert line({"_key": "k", "text": "x" * (LARGEST - 9)}) != ""
    assert line({"_key": "k", "text": "x" * LARGEST}) == ""
    assert line({"_key": "k", "text": ["\u00fc" * 200, {"a": "x" * LARGEST}]}) == ""


def test_a_table_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    moto = pytest.importorskip("moto")
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "moto")
    with moto.mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        key = {"AttributeName": "_key"}
        client.create_table(
            TableName="rows",
            KeySchema=[{**key, "KeyType": "HASH"}],
            AttributeDefinitions=[{**key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        item = json.loads(line({name: value for name, value in ROW.items() if name != "bytes"}))["Item"]
        client.put_item(TableName="rows", Item=item)
        assert client.get_item(TableName="rows", Key={"_key": {"S": "e7/1"}})["Item"] == item
