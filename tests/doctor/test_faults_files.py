"""Local files, broken for real, one fault at a time (B-C, B-Y, B-R, S25)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from doctor_scene import Scene, Table, judge

table = Table()


@table.row("aws-files", "FAIL", "byte order mark")
def b104_byte_order_mark(scene: Scene) -> None:
    scene.jsobj.credentials.write_bytes(b"\xef\xbb\xbf" + scene.jsobj.credentials.read_bytes())


@table.row("aws-files", "FAIL", "a second time")
def b114_duplicate_section(scene: Scene) -> None:
    path = scene.jsobj.credentials
    path.write_text(path.read_text() * 2)


@table.row("aws-files", "FAIL", "line 1")
def b104_junk_line(scene: Scene) -> None:
    path = scene.jsobj.credentials
    path.write_text("just a word\n" + path.read_text())


@table.row("aws-files", "FAIL", "not UTF-8")
def b104_latin_1(scene: Scene) -> None:
    path = scene.jsobj.config
    path.write_bytes(b"# caf\xe9\n" + path.read_bytes())


@table.row("aws-files", "FAIL", "indented")
def b104_indented_key(scene: Scene) -> None:
    scene.edit(scene.jsobj.credentials, "aws_secret_access_key", "  aws_secret_access_key")


@table.row("aws-sections", "FAIL", "[profile demo]")
def section_without_profile(scene: Scene) -> None:
    scene.edit(scene.jsobj.config, "[profile demo]", "[demo]")


@table.row("aws-sections", "WARN", "[profile else]")
def section_of_another_profile(scene: Scene) -> None:
    path = scene.jsobj.config
    path.write_text(path.read_text() + "\n[else]\nregion = here\n")


@table.row("aws-values", "FAIL", "comment has become part")
def b106_comment_in_the_secret(scene: Scene) -> None:
    secret = scene.jsobj.profile("demo")["aws_secret_access_key"]
    scene.edit(scene.jsobj.credentials, secret, f"{secret} # made in May")


@table.row("aws-values", "FAIL", "quotation marks")
def quotes_around_the_key(scene: Scene) -> None:
    access = scene.jsobj.profile("demo")["aws_access_key_id"]
    scene.edit(scene.jsobj.credentials, access, f'"{access}"')


@table.row("aws-endpoint", "FAIL", "address of the Swift API")
def b058_swift_address_as_endpoint(scene: Scene) -> None:
    scene.s3_at(f"{scene.cloud.s3_endpoint}/swift/v1")


@table.row("aws-endpoint", "FAIL", "does not begin with https")
def b056_endpoint_without_scheme(scene: Scene) -> None:
    scene.s3_at(scene.cloud.s3_endpoint.removeprefix("http://"))


@table.row("aws-endpoint", "WARN", "should be written")
def b058_slash_at_the_end(scene: Scene) -> None:
    scene.edit(scene.jsobj.config, scene.cloud.s3_endpoint, f"{scene.cloud.s3_endpoint}/")


@table.row("aws-checksums", "WARN", "checksums")
def checksum_settings_missing(scene: Scene) -> None:
    path = scene.jsobj.config
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "checksum" not in line))


@table.row("aws-logins", "FAIL", "aws_session_token")
def session_token_in_the_profile(scene: Scene) -> None:
    scene.edit(scene.jsobj.credentials, "[demo]\n", "[demo]\naws_session_token = IQoJb3JpZ2luX2Vj\n")


@table.row("aws-logins", "WARN", "credential_process")
def s25_credential_process(scene: Scene) -> None:
    scene.edit(scene.jsobj.config, "[profile demo]\n", f"[profile demo]\ncredential_process = touch {_canary(scene)}\n")


def _canary(scene: Scene) -> Path:
    return scene.folder / "canary"


@table.row("aws-logins", "FAIL", "services")
def services_section_missing(scene: Scene) -> None:
    scene.edit(scene.jsobj.config, "[profile demo]\n", "[profile demo]\nservices = storage\n")


@table.row("aws-modes", "WARN", "mode 0644")
def b110_keys_open_to_others(scene: Scene) -> None:
    scene.jsobj.credentials.chmod(0o644)


@table.row("aws-modes", "WARN", "hard link")
def b113_hard_link(scene: Scene) -> None:
    os.link(scene.jsobj.credentials, scene.folder / "second-name")
    scene.jsobj.private.add(scene.folder / "second-name")


@table.row("clouds-modes", "WARN", "secure.yaml")
def b054_secure_yaml_open_to_others(scene: Scene) -> None:
    scene.jsobj.secure.chmod(0o640)


@table.row("clouds-files", "FAIL", "not valid YAML")
def b045_tab_in_clouds_yaml(scene: Scene) -> None:
    scene.edit(scene.jsobj.clouds, "    auth:", "\tauth:")


@table.row("clouds-files", "FAIL", "no 'clouds:' mapping")
def b048_no_clouds_key(scene: Scene) -> None:
    scene.edit(scene.jsobj.clouds, "clouds:", "cloud:")


@table.row("clouds-files", "WARN", "does not see: demo")
def b036_cloud_hidden_by_the_folder(scene: Scene) -> None:
    (scene.jsobj.folder / "clouds.yaml").write_text(
        "clouds:\n  other:\n    auth: {auth_url: 'https://example.org/v3'}\n"
    )


@table.row("clouds-entry", "WARN", "verify: false")
def b050_certificates_unchecked(scene: Scene) -> None:
    scene.edit(scene.jsobj.clouds, "    auth:\n", "    verify: false\n    auth:\n")


@table.row("clouds-entry", "FAIL", "does not exist")
def auth_type_misspelt(scene: Scene) -> None:
    path = scene.jsobj.clouds
    lines = [line for line in path.read_text().splitlines(True) if "auth_type" not in line]
    path.write_text("".join(lines).replace("    auth:\n", "    auth_type: v3_applicationcredential\n    auth:\n"))


@table.row("ledger", "FAIL", "damaged")
def ledger_cut_short(scene: Scene) -> None:
    path = scene.jsobj.home / ".local/state/jsobj/ledger.json"
    path.write_bytes(path.read_bytes()[:40])


@table.row("rc-files", "WARN", "openrc.sh")
def rc_file_with_an_open_quote(scene: Scene) -> None:
    (scene.jsobj.folder / "project-openrc.sh").write_text("export OS_AUTH_URL='https://example.org/v3\n")


@table.row("other-tls", "WARN", ".s3cfg line 2")
def s3cmd_checks_no_certificate(scene: Scene) -> None:
    (scene.jsobj.home / ".s3cfg").write_text("[default]\ncheck_ssl_certificate = False\n")
    (scene.jsobj.home / ".s3cfg").chmod(0o600)


@table.row("other-modes", "WARN", ".passwd-s3fs")
def s3fs_passwords_open_to_others(scene: Scene) -> None:
    (scene.jsobj.home / ".passwd-s3fs").write_text("a:b\n")
    (scene.jsobj.home / ".passwd-s3fs").chmod(0o644)


@table.row("other-boto", "WARN", ".boto")
def b118_old_boto_file(scene: Scene) -> None:
    (scene.jsobj.home / ".boto").write_text("[Credentials]\naws_access_key_id = x\n")
    (scene.jsobj.home / ".boto").chmod(0o600)


@pytest.mark.parametrize("fault", table.rows, ids=table.names)
def test_fault(fault, scene: Scene) -> None:
    judge(fault, scene)
    assert not _canary(scene).exists()
