"""The proof that a profile works for everybody: plain boto3, given nothing but the profile's name."""

from __future__ import annotations

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.awsfiles import AwsFiles


def list_buckets_by_profile(files: AwsFiles, name: str) -> tuple[str, ...]:
    """The buckets that ``boto3.Session(profile_name=name).client("s3").list_buckets()`` sees.

    The two files are named explicitly, so that the proof is about what was written, also where the environment points
    elsewhere. Raises :class:`JsobjError` (auth, network) with boto3's own words.
    """
    import boto3
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError

    core = botocore.session.Session(profile=name)
    core.set_config_variable("credentials_file", str(files.credentials))
    core.set_config_variable("config_file", str(files.config))
    try:
        client = boto3.Session(botocore_session=core).client("s3")
        answer = client.list_buckets()
    except ClientError as error:
        metadata = error.response.get("ResponseMetadata", {})
        raise JsobjError(
            "profile-refused",
            f"boto3 with profile '{name}' is refused",
            code=ExitCode.AUTH,
            context=f"{error} {metadata.get('RequestId', '')}".strip(),
            hint="jsobj ec2-creds --new makes another key; AWS_* variables in the environment can get in the way too",
        ) from error
    except BotoCoreError as error:
        raise JsobjError(
            "profile-unusable",
            f"boto3 with profile '{name}' cannot reach the object store",
            code=ExitCode.NETWORK,
            context=str(error),
            hint="AWS_* variables in the environment can get in the way: env | grep ^AWS_",
        ) from error
    return tuple(str(bucket["Name"]) for bucket in answer.get("Buckets", ()))
