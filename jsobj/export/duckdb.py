"""DuckDB: an SQL secret for its httpfs extension."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Whole, Word, written
from jsobj.export.connection import Connection


def configure(connection: Connection) -> Configuration:
    """One statement. Add PERSISTENT after REPLACE to keep it (DuckDB then stores it unencrypted below ~/.duckdb)."""
    name = "".join(c if c.isalnum() else "_" for c in connection.name)
    values: dict[str, Word] = {
        "KEY_ID": connection.access,
        "SECRET": connection.secret,
        "ENDPOINT": connection.endpoint.netloc,
        "REGION": connection.region,
        "URL_STYLE": "path" if connection.path_style else "vhost",
    }
    pieces: list[Word] = [f"CREATE OR REPLACE SECRET jsobj_{name} (\n    TYPE s3"]
    for word, value in values.items():
        pieces += [f",\n    {word} '", written(value, lambda text: text.replace("'", "''")), "'"]
    pieces.append(f",\n    USE_SSL {str(connection.endpoint.scheme == 'https').lower()}\n);\n")
    return Configuration(
        (Whole("", tuple(pieces)),),
        "duckdb -init FILE.sql",
        "needs the httpfs extension: INSTALL httpfs",
    )
