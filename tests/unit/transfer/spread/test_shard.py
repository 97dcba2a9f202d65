"""Shares of a plan: the same on every machine, and together the whole."""

import pytest

from jsobj.errors import BadUsage
from jsobj.store.values import StorePlace
from jsobj.transfer.filters import Filters
from jsobj.transfer.job import JobSpec
from jsobj.transfer.options import checked_options
from jsobj.transfer.spread.shard import WHOLE, Shard, number_of, parse_shard


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("", 16406829232824261652),
        ("run42.zarr/0/0", 7304724946531447890),
        ("größe/1.nc", 13611343846870337678),
        ("caf\udce9.nc", 15283564397854728544),  # not UTF-8: the bytes as they are
    ],
)
def test_a_keys_number_is_the_same_everywhere(key, number):
    assert number_of(key) == number


def test_every_key_is_in_one_share_and_shares_are_about_equal():
    keys = [f"data/{number:05d}.nc" for number in range(3000)]
    sizes = []
    for number in (1, 2, 3):
        mine = [key for key in keys if Shard(number, 3).holds(key)]
        sizes.append(len(mine))
    assert all(sum(Shard(number, 3).holds(key) for number in (1, 2, 3)) == 1 for key in keys)
    assert sum(sizes) == 3000
    assert min(sizes) > 900


@pytest.mark.parametrize(("text", "shard"), [("", WHOLE), ("1/1", WHOLE), ("3/16", Shard(3, 16))])
def test_what_is_typed(text, shard):
    assert parse_shard(text, "--shard") == shard


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "/4", "a/b", "1/2/3", "-1/4", "01/4", "1 / 4", "٣/4"])
def test_what_is_no_share_is_refused_with_an_example(text):
    with pytest.raises(BadUsage) as caught:
        parse_shard(text, "--shard")
    assert "--shard 1/16" in caught.value.hint


def test_each_share_is_a_job_of_its_own_and_the_whole_is_the_job_it_always_was():
    place = StorePlace("s3", "results", "https://host", "keys")

    def job(shard):
        options = checked_options(shard=shard)
        return JobSpec("upload", ("/data",), "s3://results/", options, Filters(), ()).key(place, "/").id

    assert len({job(""), job("1/2"), job("2/2"), job("1/3")}) == 4
    assert job("1/1") == job("")
