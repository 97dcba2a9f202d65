"""Copies from bucket to bucket: on the server where it can, else through this computer, in parts and journaled."""
