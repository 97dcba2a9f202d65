"""One run of the bench of catalogues: ``catalog_work.py TOOL URL QUESTION COUNT ROWS`` asks so often in one process.

It prints wall and CPU seconds of each answer, the first with nothing known before. Every answer is compared. URL is the
catalogue's; the peers read its parts straight from the bucket. Endpoint and keys are the environment's.
"""

from __future__ import annotations

import csv
import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

QUESTIONS = ("key", "experiment", "scan")
EXPERIMENTS = 1000
COLUMNS = ("item_id", "experiment_id", "date", "file", "comment")
_RARE = 997  # one row in so many has the comment that is looked for
_WORDS = ["calm", "clear", "cloudy", "drifting", "early", "foggy", "late", "noisy", "second", "third", "warm", "windy"]


def make(folder: Path, rows: int, parts: int) -> list[Path]:
    """CSVs about samples, in no order: as they come when many people measure."""
    chosen = random.Random(19)
    numbers = list(range(rows))
    chosen.shuffle(numbers)
    made = []
    for part in range(parts):
        made.append(folder / f"{part:03}.csv")
        with made[-1].open("w", newline="") as file:
            lines = csv.writer(file, delimiter="|", lineterminator="\n")
            lines.writerow(COLUMNS)
            lines.writerows(_row(number, chosen) for number in numbers[part::parts])
    return made


def _row(number: int, chosen: random.Random) -> tuple[str, ...]:
    run, day = f"run-{number % EXPERIMENTS:04}", f"2026-{1 + number % 12:02}-{1 + number % 28:02}"
    comment = " ".join(chosen.choices(_WORDS, k=6))
    if number % _RARE == 0:
        comment += ", calibration failed"
    return f"i{number:07}", run, day, f"{run}/{number:07}.nc", comment


def question(kind: str, number: int, rows: int) -> tuple[str, int]:
    """The condition in SQL of a question of this kind, another one for each ``number``; how many rows answer it."""
    item = number * 7919 % rows
    run = f"experiment_id = 'run-{item % EXPERIMENTS:04}'"
    if kind == "key":
        return f"{run} AND item_id = 'i{item:07}'", 1
    if kind == "experiment":
        return run, len(range(item % EXPERIMENTS, rows, EXPERIMENTS))
    return "comment LIKE '%calibration failed'", len(range(0, rows, _RARE))


Ask = Callable[[str, str], int]  # kind and condition: the number of rows


def jsobj(url: str) -> Ask:
    import jsobj

    catalogue = jsobj.connect().catalog(url)

    def ask(kind: str, where: str) -> int:
        if kind == "scan":
            (row,) = catalogue.query(where, select="count(*) AS n")
            return int(row["n"])
        return len(list(catalogue.query(where)))

    return ask


def duckdb(url: str) -> Ask:
    """With its own extension for S3."""
    import duckdb
    from duckdb_extensions import import_extension

    connection = duckdb.connect()
    import_extension("httpfs", con=connection)
    scheme, _, host = os.environ["AWS_ENDPOINT_URL"].partition("://")
    connection.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{os.environ['AWS_ACCESS_KEY_ID']}',"
        f" SECRET '{os.environ['AWS_SECRET_ACCESS_KEY']}', REGION '{os.environ['AWS_REGION']}',"
        f" ENDPOINT '{host}', URL_STYLE 'path', USE_SSL {scheme == 'https'})"
    )

    def ask(kind: str, where: str) -> int:
        chosen = "count(*)" if kind == "scan" else "*"
        found = connection.execute(f"SELECT {chosen} FROM read_parquet('{_parts(url)}*.parquet') WHERE {where}")
        rows = found.fetchall()
        return int(rows[0][0]) if kind == "scan" else len(rows)

    return ask


def polars(url: str) -> Ask:
    import polars as pl

    options = {
        "aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "aws_region": os.environ["AWS_REGION"],
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "aws_allow_http": "true",
    }

    def ask(kind: str, where: str) -> int:
        rows = pl.scan_parquet(f"{_parts(url)}*.parquet", storage_options=options).filter(pl.sql_expr(where))
        if kind == "scan":
            return int(rows.select(pl.len()).collect().item())
        return rows.collect().height

    return ask


def pyarrow(url: str) -> Ask:
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
    from pyarrow.fs import S3FileSystem

    scheme, _, host = os.environ["AWS_ENDPOINT_URL"].partition("://")
    files = S3FileSystem(
        access_key=os.environ["AWS_ACCESS_KEY_ID"],
        secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        region=os.environ["AWS_REGION"],
        endpoint_override=host,
        scheme=scheme,
    )

    def ask(kind: str, where: str) -> int:
        data = ds.dataset(_parts(url).removeprefix("s3://").rstrip("/"), filesystem=files)
        condition: Any
        if kind == "scan":
            condition = pc.match_like(pc.field("comment"), "%calibration failed")
            return int(data.count_rows(filter=condition))
        terms = [term.split(" = ") for term in where.split(" AND ")]
        condition = pc.scalar(True)
        for name, value in terms:
            condition = condition & (pc.field(name) == value.strip("'"))
        return int(data.to_table(filter=condition).num_rows)

    return ask


def _parts(url: str) -> str:
    return f"{url}_catalog/v1/parts/"


TOOLS: dict[str, Callable[[str], Ask]] = {"jsobj": jsobj, "duckdb": duckdb, "polars": polars, "pyarrow": pyarrow}


def main() -> None:
    """The seconds as JSON: reading the library's code is not in them, opening the catalogue is in the first."""
    tool, url, kind, count, rows = sys.argv[1:]
    __import__({"jsobj": "jsobj.api.connection", "pyarrow": "pyarrow.dataset"}.get(tool, tool))
    ask, spent = None, []
    for number in range(int(count)):
        where, expected = question(kind, number, int(rows))
        began, used = time.perf_counter(), time.process_time()
        ask = ask or TOOLS[tool](url)
        found = ask(kind, where)
        spent.append((time.perf_counter() - began, time.process_time() - used))
        if found != expected:
            sys.exit(f"{tool} found {found} rows of {expected} where {where}")
    print(json.dumps(spent))
    sys.stdout.flush()
    os._exit(0)  # the end of threads is not measured


if __name__ == "__main__":
    main()
