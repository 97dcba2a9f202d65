"""jsobj: from a portal's credentials file to data in OpenStack object storage that every tool can read."""

__version__ = "0.1.0"
