"""icechunk: a repository. It relies on conditional writes, which not every Swift or Ceph RGW has: they are turned off.

Without them two writers at the same moment may both believe that they have committed: one writer at a time.
"""

from __future__ import annotations

from jsobj.export.snippets.target import Target, repr_of, session


def code(target: Target) -> str:
    """The lines."""
    words = [
        f"bucket={repr_of(target.bucket)}",
        f"prefix={repr_of(target.key.rstrip('/'))}",
        f"endpoint_url={repr_of(target.endpoint_url)}",
        f"region={repr_of(target.region)}",
        "force_path_style=True",
    ]
    imports, key = "import icechunk\nimport zarr\n", ""
    if target.http:
        words.append("allow_http=True")
    if target.public:
        words.append("anonymous=True")
    else:
        imports = f"import boto3\n{imports}"
        key = f"key = {session(target)}.get_credentials()\n"
        words += ["access_key_id=key.access_key", "secret_access_key=key.secret_key"]
    arguments = "".join(f"    {word},\n" for word in words)
    return (
        f"{imports}\n{key}storage = icechunk.s3_storage(\n{arguments})\n"
        "config = icechunk.RepositoryConfig.default()\n"
        "config.storage = icechunk.StorageSettings(\n"
        "    unsafe_use_conditional_create=False, unsafe_use_conditional_update=False\n)  # one writer at a time\n"
        "repository = icechunk.Repository.open(storage, config=config)\n"
        'data = zarr.open(repository.readonly_session("main").store, mode="r")\n'
        "print(data.info)\n"
    )
