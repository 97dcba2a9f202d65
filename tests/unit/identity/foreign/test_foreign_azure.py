"""Logins for Azure, found where its own tools keep them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.errors import JsobjError
from jsobj.identity.foreign.azure import AzureLogin, azure_login
from jsobj.identity.settings import Settings

KEY, OTHER = "a2V5LW9uZQ==", "a2V5LXR3bw=="
SAS = "sv=2021-12-02&se=2027-01-01&sig=c2ln%2Bbg%3D"
SAMPLES = "https://samples.blob.core.windows.net"


def login(home: Path, endpoint: str = "", sas: str = "", *, unsigned: bool = False, **environ: str) -> AzureLogin:
    return azure_login(Settings.read({"HOME": str(home), **environ}), endpoint, sas, unsigned=unsigned)


def shown(found: AzureLogin) -> tuple[str, str, str, str]:
    return found.account, found.endpoint, found.key.reveal(), found.sas.reveal()


def written(home: Path, *lines: str) -> Path:
    file = home / ".azure" / "config"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines))
    return file


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"AccountName=samples;AccountKey={KEY}", ("samples", SAMPLES, KEY, "")),
        (f" 'AccountName=samples;accountkey={KEY};' ", ("samples", SAMPLES, KEY, "")),
        (
            f"DefaultEndpointsProtocol=https;AccountName=samples;AccountKey={KEY};EndpointSuffix=core.chinacloudapi.cn",
            ("samples", "https://samples.blob.core.chinacloudapi.cn", KEY, ""),
        ),
        (f"BlobEndpoint={SAMPLES}/;SharedAccessSignature=?{SAS}", ("samples", SAMPLES, "", SAS)),
        (
            f"AccountName=a1b;AccountKey={KEY};BlobEndpoint=http://127.0.0.1:10000/a1b",
            ("a1b", "http://127.0.0.1:10000/a1b", KEY, ""),
        ),
        (
            f"BlobEndpoint=http://127.0.0.1:10000/a1b;SharedAccessSignature={SAS}",
            ("a1b", "http://127.0.0.1:10000/a1b", "", SAS),
        ),
    ],
)
def test_connection_strings(tmp_path: Path, text: str, found: tuple[str, str, str, str]) -> None:
    assert shown(login(tmp_path, AZURE_STORAGE_CONNECTION_STRING=text)) == found


def test_the_emulators_own_account(tmp_path: Path) -> None:
    found = login(tmp_path, AZURE_STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true")
    assert (found.account, found.endpoint) == ("devstoreaccount1", "http://127.0.0.1:10000/devstoreaccount1")
    assert found.key


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        f"AccountKey={KEY}",
        "AccountName=x;AccountKey=%%%",
        "BlobEndpoint=no url;AccountName=x",
        "=;=",
        "a;b",
    ],
)
def test_a_connection_string_that_is_none_is_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(JsobjError) as caught:
        login(tmp_path, AZURE_STORAGE_CONNECTION_STRING=text)
    assert caught.value.reference == "usage"
    assert KEY not in str(caught.value)


def test_the_first_that_is_there_counts(tmp_path: Path) -> None:
    file = written(tmp_path, "[storage]", "account = infile", f"key = {OTHER}")
    names = {"AZURE_STORAGE_ACCOUNT": "samples", "AZURE_STORAGE_KEY": KEY}
    text = {"AZURE_STORAGE_CONNECTION_STRING": f"AccountName=first;AccountKey={KEY}"}
    assert login(tmp_path, **names, **text).account == "first"
    assert login(tmp_path, **names).where == "AZURE_STORAGE_KEY"
    found = login(tmp_path)
    assert (found.account, found.key.reveal(), found.where) == ("infile", OTHER, str(file))
    # A key is of the account that it stands beside.
    other = login(tmp_path, AZURE_STORAGE_ACCOUNT="samples")
    assert (other.account, other.anonymous) == ("samples", True)
    assert login(tmp_path, AZURE_STORAGE_ACCOUNT="infile").key.reveal() == OTHER
    with_sas = login(tmp_path, AZURE_STORAGE_ACCOUNT="samples", AZURE_STORAGE_SAS_TOKEN=f"?{SAS}")
    assert with_sas.sas.reveal() == SAS


def test_the_file_of_the_command_line_tool(tmp_path: Path) -> None:
    written(tmp_path, "[cloud]", "name = AzureUSGovernment", "[storage]", "account = samples", f"sas_token = {SAS}")
    assert shown(login(tmp_path)) == ("samples", "https://samples.blob.core.usgovcloudapi.net", "", SAS)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "config").write_text(f"[storage]\nconnection_string = AccountName=other;AccountKey={KEY}\n")
    assert login(tmp_path, AZURE_CONFIG_DIR=str(elsewhere)).account == "other"


def test_a_file_that_is_no_configuration(tmp_path: Path) -> None:
    written(tmp_path, f"key = {KEY}")
    with pytest.raises(JsobjError) as caught:
        login(tmp_path)
    assert caught.value.reference == "azure-settings"
    assert KEY not in str(caught.value)


def test_nothing_is_found(tmp_path: Path) -> None:
    with pytest.raises(JsobjError) as caught:
        login(tmp_path)
    assert caught.value.reference == "azure-account-missing"


def test_an_address_names_the_account(tmp_path: Path) -> None:
    names = {"AZURE_STORAGE_ACCOUNT": "samples", "AZURE_STORAGE_KEY": KEY}
    assert login(tmp_path, SAMPLES, **names).key.reveal() == KEY
    other = login(tmp_path, "https://other.blob.core.windows.net", **names)
    assert (other.account, other.anonymous) == ("other", True)
    linked = login(tmp_path, SAMPLES, SAS, **names)
    assert shown(linked) == ("samples", SAMPLES, "", SAS)
    assert login(tmp_path, unsigned=True, **names).anonymous


def test_plain_http_elsewhere_is_refused(tmp_path: Path) -> None:
    text = f"AccountName=samples;AccountKey={KEY};BlobEndpoint=http://storage.example.org/samples"
    with pytest.raises(JsobjError) as caught:
        login(tmp_path, AZURE_STORAGE_CONNECTION_STRING=text)
    assert caught.value.reference == "endpoint-not-https"


@pytest.mark.parametrize("account", ["Samples", "x", "a/b", "../a", "a" * 25])
def test_names_that_are_no_account(tmp_path: Path, account: str) -> None:
    with pytest.raises(JsobjError) as caught:
        login(tmp_path, AZURE_STORAGE_ACCOUNT=account, AZURE_STORAGE_KEY=KEY)
    assert caught.value.reference == "usage"


def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    found = login(tmp_path, AZURE_STORAGE_ACCOUNT="samples", AZURE_STORAGE_KEY=KEY)
    assert KEY not in f"{found!r}{found}"


def test_a_person_or_program_that_logs_in(tmp_path: Path) -> None:
    (tmp_path / ".azure").mkdir()
    profile = tmp_path / ".azure" / "azureProfile.json"
    account = {"AZURE_STORAGE_ACCOUNT": "samples"}
    profile.write_text('\ufeff{"subscriptions": []}')
    assert login(tmp_path, **account).anonymous
    profile.write_text('\ufeff{"subscriptions": [{"id": "1"}]}')
    found = login(tmp_path, **account)
    assert (found.where, found.tokens is not None) == ("az login", True)
    principal = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "hidden-one"}
    named = login(tmp_path, **account, **principal)
    assert named.where == "the service principal in AZURE_CLIENT_ID"
    assert "hidden-one" not in repr(named)
