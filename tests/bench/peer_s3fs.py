"""s3fs as its guide has it: put and get, recursive for trees, find for a listing."""

import sys

import s3fs


def main() -> None:
    verb, local, bucket, key = sys.argv[1:]
    fs = s3fs.S3FileSystem()
    remote = f"{bucket}/{key}"
    if verb == "put":
        fs.put_file(local, remote)
    elif verb == "get":
        fs.get_file(remote, local)
    elif verb == "put_tree":
        fs.put(f"{local}/", remote, recursive=True)
    elif verb == "get_tree":
        fs.get(remote, f"{local}/", recursive=True)
    elif verb == "ls":
        print(*fs.ls(remote, detail=False), sep="\n")
    else:
        print(*fs.find(bucket), sep="\n")


main()
