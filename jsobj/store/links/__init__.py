"""One object by a link that is signed: presigned over S3, a temporary URL over Swift."""
