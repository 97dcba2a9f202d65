"""Buckets as folders: mounters of others started, watched, emptied and ended, so that nothing is lost."""
