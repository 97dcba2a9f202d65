"""Bucket policies read as Ceph RGW reads them, with the place of everything that is not as it seems."""
