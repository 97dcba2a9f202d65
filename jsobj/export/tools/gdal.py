"""GDAL's ``/vsis3/``, and with it rasterio, QGIS and the ``gdal`` commands: host and scheme are separate settings."""

from __future__ import annotations

from jsobj.export.configuration import Configuration, Variables, Word
from jsobj.export.logins import S3Login
from jsobj.export.variables import keys


def configure(s3: S3Login) -> Configuration:
    """Variables, or options of ``rasterio.Env``; without a secret where there is a profile that holds it."""
    values: dict[str, Word] = {
        "AWS_S3_ENDPOINT": s3.endpoint.netloc,
        "AWS_HTTPS": "YES" if s3.endpoint.scheme == "https" else "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE" if s3.path_style else "TRUE",
        "AWS_REGION": s3.region,
    }
    values |= {"AWS_PROFILE": s3.profile} if s3.profile else keys(s3)
    if s3.ca_bundle:
        values["CURL_CA_BUNDLE"] = s3.ca_bundle
    return Configuration((Variables("", values),), f"gdalinfo /vsis3/{s3.a_bucket}/image.tif")
