"""``jsobj help``: what is common to all commands."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode
from jsobj.ui.documents import Record

TOPICS = ("keyless", "environment", "json", "exit-codes")

KEYLESS = """\
Working without S3 keys

Current Keystones (30 and newer) give application credentials no S3 (EC2) keys.
The Swift API needs none: with swift:// instead of s3:// a login is enough.
Which kind yours is: jsobj whoami, line "S3 keys".

What works with any login
  Send, fetch      jsobj bucket create results
                   jsobj upload run42.zarr swift://results/
                   jsobj download swift://results/run42.zarr .
                   jsobj verify run42.zarr swift://results/run42.zarr
  Look, tidy up    jsobj ls swift://results/       also stat du cat cp mv rm
  Give away        jsobj presign swift://results/run42.nc --make-key
  Python           xr.open_zarr("swift://results/run42.zarr",
                                storage_options={"cloud": "NAME"})
                   By fsspec, so also pandas, dask, zarr, pyarrow, h5py ...
                   Without storage_options: your default login.
  Lines to paste   jsobj snippet xarray swift://results/run42.zarr
  Other tools      jsobj export rclone --write     then rclone copy, mount ...
                   jsobj export openstack          also swift, kubernetes, dask
                   eval "$(jsobj export shell)"    OS_* variables, for example
                   restic -r swift:results:/backup init
  CI               jsobj export github-actions     also gitlab-ci
  Prove it         jsobj doctor

What needs keys
  s3:// URLs, and what speaks S3 alone: aws, boto3, s3fs, s3cmd, s5cmd, mc,
  obstore, DuckDB, GDAL, s3fs-fuse. jsobj export --list marks them, and
  jsobj snippet prints what serves in their place.

Three ways to keys
  1. As yourself, once. The password is used for this command and not kept:
     jsobj ec2-creds --login-as USER
     jsobj ec2-creds --login-as USER --password-stdin < FILE
  2. Through the browser, on clouds with single sign-on:
     jsobj login --browser --cloud NAME --as MINE --identity-provider IDP
     jsobj ec2-creds --cloud MINE
  3. From a colleague in your project, or the help desk, who made them:
     aws configure --profile MINE
     aws configure set endpoint_url URL --profile MINE
     URL is what jsobj whoami calls "S3 endpoint".
  Before Keystone 30, an application credential with "Unrestricted" ticked in
  the portal does it too. Keys have no end and open the whole project.
"""

ENVIRONMENT = """\
What jsobj reads from the environment. An option beats a variable, a variable
beats a file.

Which login
  OS_CLOUD               the cloud to use, by its name in clouds.yaml
  OS_CLIENT_CONFIG_FILE  another clouds.yaml
  OS_CLIENT_SECURE_FILE  another secure.yaml
  OS_AUTH_URL, OS_USERNAME ...
                         a whole login, as an RC file sets it; used when neither
                         --cloud nor OS_CLOUD is given
Which keys
  AWS_PROFILE            the profile to use
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
                         keys without any profile
  AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL
                         the S3 endpoint, in this order
  AWS_REGION, AWS_DEFAULT_REGION
                         the region to sign with
  AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE
                         other files than ~/.aws/credentials and ~/.aws/config
Network
  OS_CACERT, AWS_CA_BUNDLE
                         certificate authorities of Keystone, of the S3 endpoint
  REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE
                         the same for Keystone, where a login names none
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                         as everywhere; HTTP proxies, not socks; never a
                         proxy to 127.0.0.1
Terminal
  NO_COLOR, FORCE_COLOR, TERM=dumb
Folders
  XDG_CONFIG_HOME        clouds.yaml is in openstack/ below it (~/.config)
  XDG_STATE_HOME         jsobj/ledger.json, jsobj/jobs and the sandbox
                         (~/.local/state)
  XDG_CACHE_HOME         bucket names for completion, what was sent and fetched
                         (~/.cache)
  JSOBJ_SANDBOX          set by jsobj sandbox shell: the sandbox one is in;
                         nothing reads it
"""

JSON = """\
With --json a command prints one JSON document on standard output and nothing
else there; talk stays on standard error.

One thing   {"schema": "jsobj.<thing>/1", ...its fields}
A list      {"schema": "jsobj.<thing>-list/1", "items": [...]}
A transfer  {"schema": "jsobj.transfer/1", "verb", "done", "skipped", "failed",
            "bytes", "verified", "unverified", "retries", "seconds",
            "interrupted", "job", "failures": [...]}, at its end; with
            --progress json a line {"schema": "jsobj.event/1", "event", ...}
            for each event comes first
A plan      {"schema": "jsobj.plan/1", "items": [{"action", "item",
            "destination", "size", "reason"}]} of --dry-run
The doctor  {"schema": "jsobj.doctor/1", "checks": [{"id", "layer", "title",
            "status", "evidence", "hint", "fix", "seconds"}], "summary",
            "about": {"cloud", "user", "project", "swift_url", "s3_url",
            "system", "python", "versions"}}; status is PASS, WARN, FAIL or
            SKIP, evidence.found the sentence for people
An error    {"schema": "jsobj.error/1", "reference", "message", "context",
            "hint", "exit_code"}, on standard error, its last line

Keys are only ever added. Times are ISO 8601 in UTC, sizes are bytes, what is
not known is null. Without --json and without a terminal, lists are one
tab-separated line per item, without headings.

  jsobj bucket list --json | jq -r '.items[].name'
  jsobj upload run42.zarr swift://results/ --json | jq .verified
"""

_TEXTS = {"keyless": KEYLESS, "environment": ENVIRONMENT, "json": JSON}


@command("help")
@click.argument("topic", type=click.Choice(TOPICS))
def help_topics(world: World, topic: str) -> None:
    """Explain work without S3 keys, variables, JSON, or exit codes."""

    if topic == "exit-codes":
        codes = [{"code": int(code), "name": code.name, "meaning": code.meaning} for code in ExitCode]
        lines = [(str(int(code)), code.meaning) for code in ExitCode]
        world.out.show(Record("jsobj.exit-codes/1", {"codes": codes}, lines))
        return
    text = _TEXTS[topic]
    if world.out.as_json:
        world.out.show(Record("jsobj.help/1", {"topic": topic, "text": text}, []))
    else:
        world.out.data(text)
