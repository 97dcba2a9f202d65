"""``jsobj bucket policy check`` of a file where there is no login."""

from __future__ import annotations

from commands import Jsobj
from policy_cases import Names, document


def test_a_file_is_checked_without_a_login(jsobj: Jsobj) -> None:
    names, file = Names(), jsobj.folder / "policy.json"
    file.write_text(document(names.to(names.other)))
    done = jsobj("bucket", "policy", "check", names.bucket, file, "--json")
    assert done.json["items"] == []
    assert "without the server" in done.err
    file.write_text(
        document(names.allow(Action="s3:ListBucket", Resource=f"{names.arn}/*"), names.allow(Effect="deny"))
    )
    found = jsobj("bucket", "policy", "check", f"s3://{names.bucket}", "-", "--json", stdin=file.read_text(), code=6)
    assert [each["rule"] for each in found.json["items"]] == ["needs-bucket", "effect"]
    lines = jsobj("bucket", "policy", "check", names.bucket, file, code=6).lines
    assert [each.split("\t")[2] for each in lines] == ["void", "refused"]
    assert jsobj("bucket", "policy", "check", names.bucket, "--json", code=4).error["exit_code"] == 4
