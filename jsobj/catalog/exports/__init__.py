"""Rows in the forms of others: CSV, STAC GeoParquet, DynamoDB JSON, DuckLake."""
