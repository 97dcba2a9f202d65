"""obstore: it reads no profile, so boto3 finds the key for it."""

from __future__ import annotations

from jsobj.export.snippets.target import Target, repr_of, session


def code(target: Target) -> str:
    """The lines."""
    words = [repr_of(target.bucket), f"endpoint={repr_of(target.endpoint_url)}", f"region={repr_of(target.region)}"]
    imports = "from obstore.store import S3Store\n"
    if target.public:
        words.append("skip_signature=True")
    elif target.profile:
        imports = f"import boto3\nfrom obstore.auth.boto3 import Boto3CredentialProvider\n{imports}"
        words.append(f"credential_provider=Boto3CredentialProvider({session(target)})")
    if target.http:
        words.append('client_options={"allow_http": True}')
    arguments = "".join(f"    {word},\n" for word in words)
    return (
        f"{imports}\nstore = S3Store(\n{arguments}    virtual_hosted_style_request=False,\n)\n"
        f"for item in store.list({repr_of(target.key)}).collect():\n"
        '    print(item["path"], item["size"])\n'
    )
