"""GDAL's ``/vsis3/``, and with it rasterio, QGIS and the ``gdal`` commands: host and scheme are told apart."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables, Word
from jsobj.export.connection import Connection
from jsobj.export.variables import keys


def configure(connection: Connection) -> Configuration:
    """Variables, or options of ``rasterio.Env``; without a secret where there is a profile that holds it."""
    values: dict[str, Word] = {
        "AWS_S3_ENDPOINT": connection.endpoint.netloc,
        "AWS_HTTPS": "YES" if connection.endpoint.scheme == "https" else "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE" if connection.path_style else "TRUE",
        "AWS_REGION": connection.region,
    }
    values |= {"AWS_PROFILE": connection.profile} if connection.profile else keys(connection)
    if connection.ca_bundle:
        values["CURL_CA_BUNDLE"] = connection.ca_bundle
    return Configuration((Variables("", values),), f"gdalinfo /vsis3/{connection.a_bucket}/image.tif")
