"""Each exported configuration, judged by the tool that it is for: it lists, writes and reads, on both servers.

``jsobj export`` runs as a user's shell would run it, and so does the tool.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from commands import PROGRAMS, Jsobj
from fixtures_cloud import Cloud
from fixtures_places import Place
from fixtures_tls import Fronts
from rigs import need_program

BODY = "temperature\n281.4\n"
EXPORT = "jsobj export --profile science"


@dataclass(frozen=True)
class Case:
    """Lines of a shell, or (where they are of more than one line) of Python.

    ``$B`` is the bucket, ``$D`` a folder of the test's own with the file ``body`` in it. ``list`` must show the object
    ``seen``, ``write`` makes the object ``written`` of ``body``, and ``read`` prints the bytes of ``seen``.
    """

    tool: str
    set_up: str
    list: str
    write: str
    read: str
    program: str = "python"


def aws(tool: str, set_up: str, option: str = "") -> Case:
    return Case(
        tool,
        set_up,
        f"aws {option} s3 ls s3://$B/",
        f"aws {option} s3 cp --quiet $D/body s3://$B/written",
        f"aws {option} s3 cp --quiet s3://$B/seen -",
        "aws",
    )


def py(begin: str, line: str) -> str:
    return f"import os, sys\nbucket, folder = os.environ['B'], os.environ['D']\n{begin}\n{line}\n"


BOTO3 = "import boto3\nclient = boto3.Session(profile_name='second').client('s3')"
OBSTORE = "from obstore.store import S3Store\nstore = S3Store(bucket)"
CLOUDFILES = "from cloudfiles import CloudFiles\nfiles = CloudFiles(f'science://{bucket}')"
DUCKDB = """
import duckdb
from duckdb_extensions import import_extension
import_extension('httpfs')
base = duckdb.connect()
base.load_extension('httpfs')
base.execute(open(f'{folder}/secret.sql').read())
"""
MOUNT = "import json, sys; print(json.load(sys.stdin)['items'][0]['example'].partition(' DIR ')[2])"
CASES = [
    aws("aws", f"{EXPORT} aws --as second --write", "--profile second"),
    aws("aws-services", f"{EXPORT} aws-services --as second --write", "--profile second"),
    aws("credential-process", f"{EXPORT} credential-process --write", "--profile science-process"),
    aws("shell", f'eval "$({EXPORT} shell)"; mv ~/.aws ~/gone'),
    aws("dotenv", f"{EXPORT} dotenv --write --file $D/.env; set -a; . $D/.env; mv ~/.aws ~/gone"),
    Case(
        "boto3",
        f"{EXPORT} boto3 --as second --write",
        py(BOTO3, "print([item['Key'] for item in client.list_objects_v2(Bucket=bucket)['Contents']])"),
        py(BOTO3, "client.upload_file(f'{folder}/body', bucket, 'written')"),
        py(BOTO3, "client.download_fileobj(bucket, 'seen', sys.stdout.buffer)"),
    ),
    Case(
        "rclone",
        f"{EXPORT} rclone --write",
        "rclone lsf science:$B",
        "rclone copyto $D/body science:$B/written",
        "rclone cat science:$B/seen",
        "rclone",
    ),
    Case(
        "s3cmd",
        f"{EXPORT} s3cmd --write",
        "s3cmd ls s3://$B/",
        "s3cmd -q put $D/body s3://$B/written",
        "s3cmd -q get s3://$B/seen -",
        "s3cmd",
    ),
    Case(
        "s5cmd",
        f'eval "$({EXPORT} s5cmd)"; sleep 1.1',  # Swift rounds times up, and s5cmd leaves out what is from the future
        "s5cmd ls s3://$B/",
        "s5cmd cp $D/body s3://$B/written >&2",
        "s5cmd cat s3://$B/seen",
        "s5cmd",
    ),
    Case(
        "s3fs-fuse",
        f"{EXPORT} s3fs-fuse --write; mkdir $D/m; trap 'cd /; umount $D/m' EXIT; "
        f's3fs $B $D/m $({EXPORT} s3fs-fuse --json | python -c "{MOUNT}" | sed "s,~,$HOME,")',
        "ls $D/m",
        "cp $D/body $D/m/written",
        "cat $D/m/seen",
        "s3fs",
    ),
    Case(
        "duckdb",
        f"{EXPORT} duckdb > $D/secret.sql",
        py(DUCKDB, "print(base.sql(f\"SELECT file FROM glob('s3://{bucket}/*')\").fetchall())"),
        py(DUCKDB, "base.sql(f\"COPY (SELECT 281.4 AS temperature) TO 's3://{bucket}/written' (FORMAT csv)\")"),
        py(
            DUCKDB,
            "sys.stdout.write(base.sql(f\"SELECT content FROM read_text('s3://{bucket}/seen')\").fetchone()[0])",
        ),
    ),
    Case(
        "obstore",
        f'eval "$({EXPORT} obstore)"',
        py(OBSTORE, "print([item['path'] for item in store.list().collect()])"),
        py(OBSTORE, "store.put('written', open(f'{folder}/body', 'rb'))"),
        py(OBSTORE, "sys.stdout.buffer.write(bytes(store.get('seen').bytes()))"),
    ),
    Case(
        "cloud-files",
        f"{EXPORT} cloud-files --write",
        py(CLOUDFILES, "print(list(files.list()))"),
        py(CLOUDFILES, "files.put('written', open(f'{folder}/body', 'rb').read(), compress=None)"),
        py(CLOUDFILES, "sys.stdout.buffer.write(files.get('seen'))"),
    ),
]


def shell(place: Place, folder: Path, script: str) -> str:
    """What it printed, without a secret in it."""
    environ = place.environ
    environ |= {"PATH": f"{PROGRAMS}:{environ['PATH']}", "B": place.bucket, "D": str(folder)}
    words = ["bash", "-euo", "pipefail", "-c", script]
    ended = subprocess.run(
        words,
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, f"{script}\n{said}"
    assert place.key[1] not in said
    return ended.stdout


def step(folder: Path, name: str, text: str) -> str:
    """A line for the shell."""
    if "\n" not in text:
        return text
    (folder / f"{name}.py").write_text(text)
    return f"python $D/{name}.py"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.tool)
def test_the_tool_lists_writes_and_reads(place: Place, case: Case, tmp_path: Path) -> None:
    need_program(case.program, f"{PROGRAMS}:{place.environ['PATH']}")
    (tmp_path / "body").write_text(BODY)
    place.put("seen", BODY.encode())
    lines = [step(tmp_path, name, getattr(case, name)) for name in ("set_up", "list", "write", "read")]
    _, listed, _, read = shell(place, tmp_path, "; echo +++; ".join(lines)).split("+++\n")
    assert "seen" in listed
    assert place.body("written").decode() == BODY
    assert read == BODY


def test_restic_backs_up_and_restores(place: Place, fronts: Fronts, tmp_path: Path) -> None:
    """Over https, as with every real cloud: over http it signs bodies in a way that Ceph RGW 16 does not take."""
    need_program("restic")
    (tmp_path / "body").write_text(BODY)
    front = fronts.before(place.endpoint)
    restic = f"restic -q --cacert {fronts.authorities()} -o s3.bucket-lookup=path"
    out = shell(
        place,
        tmp_path,
        f'eval "$({EXPORT} restic --bucket $B --endpoint {front.origin})"; export RESTIC_PASSWORD=p; cd $D; '
        f"{restic} init; {restic} backup body; {restic} snapshots >&2; {restic} dump latest body",
    )
    assert out == BODY
    assert any(name.startswith("restic/data/") for name in place.names())


def test_gdal_lists_writes_and_reads(place: Place, tmp_path: Path) -> None:
    code = """
import os, numpy, pyogrio, rasterio
folder = '/vsis3/' + os.environ['B']
values = numpy.arange(12, dtype='uint8').reshape(1, 3, 4)
with rasterio.open(folder + '/image.png', 'w', driver='PNG', width=4, height=3, count=1, dtype='uint8') as image:
    image.write(values)
with rasterio.open(folder + '/image.png') as image:
    assert (image.read() == values).all()
print(pyogrio.vsi_listtree(folder))
"""
    script = step(tmp_path, "gdal", code)
    assert "image.png" in shell(
        place, tmp_path, f'eval "$({EXPORT} gdal)"; python -W ignore {script.partition(" ")[2]}'
    )
    assert place.body("image.png").startswith(b"\x89PNG")


DASK = """
import os, sys
import boto3
from dask.distributed import Client, LocalCluster

def work(bucket):
    client = boto3.client('s3')
    client.put_object(Bucket=bucket, Key='written', Body=client.get_object(Bucket=bucket, Key='seen')['Body'].read())
    return [item['Key'] for item in client.list_objects_v2(Bucket=bucket)['Contents']]

if __name__ == '__main__':
    assert not [name for name in os.environ if name.startswith('AWS_') and 'KEY' in name]
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            print(*client.run(work, os.environ['B']).values())
"""


def test_the_nannies_of_dask_give_it_to_their_workers(place: Place, tmp_path: Path) -> None:
    place.put("seen", BODY.encode())
    script = step(tmp_path, "workers", DASK)
    wanted = f"{EXPORT} dask --write; mv ~/.aws ~/gone; python -W ignore {script.partition(' ')[2]}"
    assert shell(place, tmp_path, wanted).count("'seen'") == 2
    assert place.body("written").decode() == BODY


def test_rclone_lists_writes_and_reads_over_swift_with_the_login(
    place_on: Callable[[str], Place], cloud: Cloud, tmp_path: Path
) -> None:
    need_program("rclone")
    place = place_on("swift")
    place.put("seen", BODY.encode())
    (tmp_path / "body").write_text(BODY)
    runner = Jsobj(place.home, (place.key[1], cloud.password("alice")))
    runner("login", cloud.rc("openrc-password"), "--password-stdin", stdin=cloud.rc("password"))
    lines = [f"{EXPORT} --cloud demo rclone --write", "rclone lsf science-swift:$B"]
    lines += ["rclone copyto $D/body science-swift:$B/written", "rclone cat science-swift:$B/seen"]
    _, listed, _, read = shell(place, tmp_path, "; echo +++; ".join(lines)).split("+++\n")
    assert (listed, read, place.body("written").decode()) == ("seen\n", BODY, BODY)


YAML = {"github-actions": "env", "gitlab-ci": "variables", "kubernetes": "stringData"}


@pytest.mark.parametrize("tool", YAML)
def test_the_variables_of_a_manifest_are_enough_for_the_aws_tools(
    place_on: Callable[[str], Place], tool: str, tmp_path: Path
) -> None:
    place = place_on("swift")
    place.put("seen", b"")
    shell(place, tmp_path, f"{EXPORT} {tool} > $D/manifest")
    variables = yaml.safe_load((tmp_path / "manifest").read_text())[YAML[tool]]
    stored = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), place.key, strict=True))
    environ = {**place.environ, "HOME": str(tmp_path), **stored}
    environ |= {name: value for name, value in variables.items() if "secrets." not in value}
    listed = subprocess.run(
        [PROGRAMS / "aws", "s3", "ls", place.url()], env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert "seen" in listed.stdout
