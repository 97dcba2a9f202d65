"""The credentials and config files of AWS tools: read as botocore does, and edited byte for byte."""
