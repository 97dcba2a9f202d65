"""A catalogue of samples on Amazon: files in S3, rows in DynamoDB.

load CSV FOLDER | item EXPERIMENT ITEM | experiment EXPERIMENT     (boto3's environment variables say where)
"""

import csv
import json
import sys
from pathlib import Path
from urllib.parse import quote

import boto3
from boto3.dynamodb.conditions import Key

NAME = "samples"
COLUMNS = ["item_id", "experiment_id", "date", "file", "comment"]
s3 = boto3.client("s3")
dynamodb = boto3.resource("dynamodb")
table = dynamodb.Table(NAME)


def load(source: str, folder: str) -> int:
    make()
    refused = 0
    with open(source, newline="", encoding="utf-8") as file:
        lines = csv.reader(file, delimiter="|")
        next(lines)
        for fields in lines:
            if len(fields) != len(COLUMNS) or not (path := Path(folder, fields[3])).is_file():
                print(f"line {lines.line_num}: not {len(COLUMNS)} fields, or no such file", file=sys.stderr)
                refused += 1
                continue
            row = dict(zip(COLUMNS, fields, strict=True))
            s3.put_object(Bucket=NAME, Key=row["file"], Body=path.read_bytes(), ACL="public-read")
            url = f"{s3.meta.endpoint_url}/{NAME}/{quote(row['file'])}"
            table.put_item(Item={"PartitionKey": row["experiment_id"], "RowKey": row["item_id"], "url": url, **row})
    return 3 if refused else 0


def make() -> None:
    if NAME not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=NAME)
    if NAME not in [each.name for each in dynamodb.tables.all()]:
        keys = {"PartitionKey": "HASH", "RowKey": "RANGE"}
        dynamodb.create_table(
            TableName=NAME,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            BillingMode="PAY_PER_REQUEST",
        ).wait_until_exists()


def query(condition: Key) -> list:
    answer = table.query(KeyConditionExpression=condition)
    found = answer["Items"]
    while "LastEvaluatedKey" in answer:
        answer = table.query(KeyConditionExpression=condition, ExclusiveStartKey=answer["LastEvaluatedKey"])
        found += answer["Items"]
    return [{name: row[name] for name in [*COLUMNS, "url"]} for row in found]


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    if verb == "load":
        sys.exit(load(*words))
    condition = Key("PartitionKey").eq(words[0])
    print(json.dumps(query(condition & Key("RowKey").eq(words[1]) if verb == "item" else condition)))
