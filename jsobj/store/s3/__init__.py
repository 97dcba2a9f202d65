"""The S3 protocol: requests signed with EC2 keys, or unsigned."""
