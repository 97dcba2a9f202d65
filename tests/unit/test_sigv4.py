"""Our signature equals botocore's, over paths, regions and secrets of many kinds."""

from __future__ import annotations

from datetime import datetime, timezone

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.identity.sigv4 import signed_headers
from jsobj.secret import Secret

SECRETS = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
PATHS = st.text(st.sampled_from("abcXYZ019-_.~/"), max_size=30).map(lambda text: "/" + text)
REGIONS = st.sampled_from(["us-east-1", "RegionOne", "dc3-a"])


def botocores(netloc: str, path: str, access: str, secret: str, region: str) -> dict[str, str]:
    request = AWSRequest("GET", f"http://{netloc}{path}", headers={"Host": netloc})
    request.context["payload_signing_enabled"] = True
    S3SigV4Auth(Credentials(access, secret), "s3", region).add_auth(request)
    return {name.lower(): str(value) for name, value in request.headers.items()}


@settings(max_examples=200, derandomize=True, deadline=None)
@given(path=PATHS, secret=SECRETS, region=REGIONS, port=st.sampled_from([80, 8001]))
def test_the_signature_is_botocores(path: str, secret: str, region: str, port: int) -> None:
    netloc = "objects.example.org" if port == 80 else f"objects.example.org:{port}"
    theirs = botocores(netloc, path, "abc", secret, region)
    moment = datetime.strptime(theirs["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    ours = signed_headers("GET", netloc, path, access="abc", secret=Secret(secret), region=region, now=moment)
    assert {name.lower(): value for name, value in ours.items()} == theirs
