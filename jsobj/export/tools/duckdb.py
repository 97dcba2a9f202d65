"""DuckDB: an SQL secret for its httpfs extension."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Word, written
from jsobj.export.logins import S3Login


def configure(s3: S3Login) -> Configuration:
    """One statement. Add PERSISTENT after REPLACE to keep it (DuckDB then stores it unencrypted below ~/.duckdb)."""
    name = "".join(c if c.isalnum() else "_" for c in s3.name)
    values: dict[str, Word] = {
        "KEY_ID": s3.access,
        "SECRET": s3.secret,
        "ENDPOINT": s3.endpoint.netloc,
        "REGION": s3.region,
        "URL_STYLE": "path" if s3.path_style else "vhost",
    }
    pieces: list[Word] = [f"CREATE OR REPLACE SECRET jsobj_{name} (\n    TYPE s3"]
    for word, value in values.items():
        pieces += [f",\n    {word} '", written(value, lambda text: text.replace("'", "''")), "'"]
    pieces.append(f",\n    USE_SSL {str(s3.endpoint.scheme == 'https').lower()}\n);\n")
    return Configuration.of_text(pieces, "duckdb -init FILE.sql", "needs the httpfs extension: INSTALL httpfs")
