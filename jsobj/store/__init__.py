"""The object store: buckets and containers, and their objects, over S3 and Swift."""
