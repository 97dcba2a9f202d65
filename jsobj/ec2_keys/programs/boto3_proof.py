"""Plain boto3, given nothing but a profile's name: does it see the object store?

Started before it is needed, since importing boto3 takes longer than everything else; it loads what it can, then waits
for one JSON line ``{"profile", "credentials_file", "config_file", "ignored"}`` on standard input (``ignored``: the
variables to leave out), and answers with one JSON line: ``{"buckets": [...]}`` or ``{"refused": ...}`` or ``{"failed":
...}``. The end of its input ends it.
"""

import gc
import json
import os
import sys


def main() -> None:
    """Load, wait, prove."""
    gc.disable()  # a short life in which next to nothing becomes garbage
    import boto3
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.loaders import create_loader

    loader = create_loader()
    for name in ("service-2", "endpoint-rule-set-1", "paginators-1"):
        loader.load_service_model("s3", name)  # read from disk now; the client below finds them in memory
    line = sys.stdin.readline()
    if not line:
        return
    request = json.loads(line)
    for name in request["ignored"]:
        os.environ.pop(name, None)  # noqa: TID251 - of this process only: the profile is to be proven, and nothing else
    core = botocore.session.Session(profile=request["profile"])
    core.register_component("data_loader", loader)
    core.set_config_variable("credentials_file", request["credentials_file"])
    core.set_config_variable("config_file", request["config_file"])
    try:
        answer = boto3.Session(botocore_session=core).client("s3").list_buckets()
    except ClientError as error:
        request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
        result: dict[str, object] = {"refused": f"{error} {request_id}".strip()}
    except BotoCoreError as error:
        result = {"failed": str(error)}
    else:
        result = {"buckets": [str(bucket["Name"]) for bucket in answer.get("Buckets", ())]}
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the parent waits for the end, and there is nothing to clean up


if __name__ == "__main__":
    main()
