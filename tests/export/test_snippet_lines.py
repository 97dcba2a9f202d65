"""What snippets say, without any server: the kind by the name, awkward names, and what is refused."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest
from commands import Jsobj

from jsobj.export.snippets.kinds import data_key, kind_of_name
from jsobj.export.snippets.registry import LIBRARIES, find_library
from jsobj.export.snippets.target import Target, literal
from jsobj.identity.aws_files.profile import AwsFiles, AwsProfile, write_profile
from jsobj.secret import Secret
from jsobj.urls import require_origin

ORIGIN = require_origin("https://127.0.0.1:9")  # nobody answers there
AWKWARD = ('a"b', "a'b", "a\\b", "a$url", "${options}b", "a{b}", "a\nb", "ü b#?%", "")


@pytest.fixture
def jsobj(tmp_path: Path) -> Jsobj:
    """With a profile and no login."""
    home = tmp_path / "home"
    files = AwsFiles(home / ".aws/credentials", home / ".aws/config")
    write_profile(files, AwsProfile("science", "key", Secret("a-secret-that-stays"), str(ORIGIN), "us-east-1"))
    return Jsobj(home, {"a-secret-that-stays"})


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("run.zarr", "zarr"),
        ("run.zarr/", "zarr"),
        ("run.ZARR/temperature/c/0", "zarr"),
        ("run/zarr.json", "zarr"),
        ("run/.zgroup", "zarr"),
        ("run.nc", "netcdf"),
        ("run.NC4", "netcdf"),
        ("a/run.h5", "netcdf"),
        ("run.hdf5", "netcdf"),
        ("t.csv", "csv"),
        ("t.csv.gz", "csv"),
        ("t.parquet", "parquet"),
        ("run", ""),
        ("zarr", ""),
        ("x.nc/part", ""),
        ("", ""),
    ],
)
def test_a_name_tells_the_kind(key: str, kind: str) -> None:
    assert kind_of_name(key) == kind


def test_a_file_of_zarr_means_the_zarr() -> None:
    assert data_key("run/zarr.json") == "run"
    assert data_key("run.zarr/.zmetadata") == "run.zarr"
    assert data_key("run/zarr.txt") == "run/zarr.txt"


def test_the_name_decides_without_a_request(jsobj: Jsobj) -> None:
    """Nobody answers at the profile's endpoint."""
    for name, key, word in (
        ("xarray", "run.nc", "h5netcdf"),
        ("netcdf", "run.zarr", "open_zarr"),
        ("zarr", "run.nc", "h5netcdf"),
        ("pandas", "t.csv", "read_csv"),
        ("polars", "t.csv", "scan_csv"),
        ("dask.dataframe", "t.csv", "read_csv"),
        ("pandas", "run.zarr", "open_zarr"),
    ):
        result = jsobj("snippet", name, f"s3://results/{key}", "--profile", "science")
        assert word in result.out, name
        assert ("this is" in result.err) == (name in {"netcdf", "zarr"} or (name, key) == ("pandas", "run.zarr"))


@pytest.mark.parametrize("bucket", ["results", "0123:results"])
@pytest.mark.parametrize("way", ["s3", "swift", "https"])
def test_awkward_names_stay_what_they_are(way: str, bucket: str) -> None:
    """The lines are Python, and the key is in them as it is, however it is written."""
    for library, key, kind in itertools.product(LIBRARIES, AWKWARD, ("", "zarr", "netcdf", "csv", "parquet")):
        target = Target(
            way, bucket, key, endpoint=ORIGIN, profile="it's", cloud='my "cloud"', login='my "cloud"',
            container_url=f"{ORIGIN}/v1/AUTH_a/results", account=f"{ORIGIN}/v1/AUTH_a",
        )  # fmt: skip
        tree = ast.parse(library.code(target, kind).text)
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        if way != "https" and not (library.name == "icechunk" and not key):
            assert any(key in text for text in texts), library.name


def test_s3fs_gets_its_own_options_for_another_projects_bucket() -> None:
    """Not those of jsobj's filesystem, which stands in for it elsewhere; also where keys are in variables."""
    by_variables = Target("s3", "0123:results", "", endpoint=ORIGIN)
    typed = Target("s3", "0123:results", "", endpoint=ORIGIN, profile="science", typed_endpoint=True)
    for target in (by_variables, typed):
        text = find_library("s3fs").code(target, "").text
        ast.parse(text)
        assert f'"endpoint_url": "{ORIGIN}"' in text


def test_texts_are_written_as_python_reads_them() -> None:
    for text in AWKWARD:
        assert ast.literal_eval(literal(text)) == text


def test_needs_name_jsobj_where_it_reads(jsobj: Jsobj) -> None:
    rows = jsobj("snippet", "--list", "--json").json["items"]
    assert [row["library"] for row in rows] == [library.name for library in LIBRARIES]
    by_name = {row["library"]: row for row in rows}
    assert by_name["netcdf"]["install"] == "pip install xarray h5netcdf h5py dask s3fs"
    assert by_name["netcdf"]["install_swift"] == "pip install xarray h5netcdf h5py dask jsobj"
    assert by_name["boto3"]["install"] == "pip install boto3"


def test_another_projects_bucket_is_read_with_its_keys() -> None:
    """s3fs and polars cannot write its name; what takes its place can."""
    target = Target("s3", "0123:results", "run.zarr", endpoint=ORIGIN, profile="science")
    assert '"jsobj+s3://0123:results/run.zarr"' in find_library("xarray").code(target, "zarr").text
    assert find_library("xarray").code(target, "zarr").needs.endswith(" jsobj")
    assert "unregister" in find_library("boto3").code(target, "").text
    assert '"s3://0123%3Aresults/run.zarr"' in find_library("polars").code(target, "csv").text


def test_a_typed_endpoint_takes_the_place_of_the_profiles(jsobj: Jsobj) -> None:
    words = ("--profile", "science", "--endpoint", "https://127.0.0.1:10")
    for name in ("xarray", "boto3", "obstore", "polars", "s3fs"):
        key = "t.csv" if name == "polars" else "run.zarr"
        assert "https://127.0.0.1:10" in jsobj("snippet", name, f"s3://results/{key}", *words).out


def test_without_any_login_the_next_step_is_one(tmp_path: Path) -> None:
    jsobj = Jsobj(tmp_path / "nobody", ())
    assert (
        jsobj("snippet", "xarray", "swift://results/run.zarr", "--json", code=4).error["reference"] == "not-logged-in"
    )
    refused = jsobj("snippet", "xarray", "s3://results/run.zarr", "--no-sign-request", "--json", code=2).error
    assert refused["reference"] == "endpoint-missing"
    assert (
        jsobj("snippet", "xaray", "s3://results/x", "--json", code=2).error["hint"].startswith("did you mean 'xarray'")
    )


def test_members_of_archives_are_read_by_a_filesystem_that_knows_them() -> None:
    target = Target("s3", "results", "a.zip!/t.csv", endpoint=ORIGIN, profile="science")
    for library in ("pandas", "polars", "dask.dataframe", "fsspec", "s3fs", "boto3", "obstore", "icechunk"):
        code = find_library(library).code(target, "csv")
        ast.parse(code.text)
        assert "jsobj+s3" in code.text, library
        assert code.needs.endswith("jsobj")
        assert bool(code.notes) == (library in {"s3fs", "boto3", "obstore", "icechunk"})
    over_swift = Target("swift", "results", "a.zip!/t.csv")
    assert "fsspec" in find_library("swiftclient").code(over_swift, "").text
