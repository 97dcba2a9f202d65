"""A catalogue of samples on Azure: files in Blob storage, rows in Table storage.

load CSV FOLDER | item EXPERIMENT ITEM | experiment EXPERIMENT     (AZURE_STORAGE_CONNECTION_STRING says where)
"""

import contextlib
import csv
import json
import os
import sys
from pathlib import Path

from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableServiceClient, UpdateMode
from azure.storage.blob import BlobServiceClient

NAME = "samples"
COLUMNS = ["item_id", "experiment_id", "date", "file", "comment"]
where = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
blobs = BlobServiceClient.from_connection_string(where).get_container_client(NAME)
table = TableServiceClient.from_connection_string(where).get_table_client(NAME)


def load(source: str, folder: str) -> int:
    with contextlib.suppress(ResourceExistsError):
        blobs.create_container(public_access="blob")
    with contextlib.suppress(ResourceExistsError):
        table.create_table()
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
            blob = blobs.upload_blob(row["file"], path.read_bytes(), overwrite=True)
            keys = {"PartitionKey": row["experiment_id"], "RowKey": row["item_id"]}
            table.upsert_entity({**keys, "url": blob.url, **row}, mode=UpdateMode.REPLACE)
    return 3 if refused else 0


def query(condition: str, **values: str) -> list:
    found = table.query_entities(condition, parameters=values)
    return [{name: row[name] for name in [*COLUMNS, "url"]} for row in found]


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    if verb == "load":
        sys.exit(load(*words))
    if verb == "item":
        print(json.dumps(query("PartitionKey eq @run and RowKey eq @item", run=words[0], item=words[1])))
    else:
        print(json.dumps(query("PartitionKey eq @run", run=words[0])))
