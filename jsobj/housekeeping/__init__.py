"""Housekeeping of a bucket: what it is told (CORS, lifecycle, versions, quota), what it holds, and what can go."""
